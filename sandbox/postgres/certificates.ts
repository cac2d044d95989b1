/** A certificate authority and one server certificate, made for one run and forgotten with it. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const day = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface Certificates {
  /** PEM of the authority that signed `certificate`. */
  ca: string;
  certificate: string;
  privateKey: string;
}

/**
 * `hosts`: DNS names and IPv4 addresses for the certificate's subjectAltName. P-256, valid for 30 days, or
 * no longer: the authority is, its server is not. `authority`: its common name.
 */
export async function makeCertificates(
  hosts: readonly string[],
  validity: 'valid' | 'expired' = 'valid',
  authority = 'Sandbox PostgreSQL CA',
): Promise<Certificates> {
  x509.cryptoProvider.set(webcrypto as never);
  const notBefore = new Date(Date.now() - 3 * day);
  const notAfter = new Date(Date.now() + 30 * day);
  const authorityKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const serverKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const issuer = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${authority}`,
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const server = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: `CN=${hosts[0] ?? 'localhost'}`,
    issuer: issuer.subject,
    notBefore,
    notAfter: validity === 'valid' ? notAfter : new Date(Date.now() - day),
    signingAlgorithm: algorithm,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value })),
      ),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey));
  return {
    ca: issuer.toString('pem'),
    certificate: server.toString('pem'),
    privateKey: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  };
}

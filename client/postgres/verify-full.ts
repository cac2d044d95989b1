/** TLS as libpq's `verify-full`: the chain ends in a trusted authority, the certificate names the host. */
import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from 'node:tls';

/** @param ca PEM. Absent: the authorities of Node.js, or those of NODE_EXTRA_CA_CERTS beside them */
export function verifyFull(
  host: string,
  ca: string | readonly string[] | undefined,
): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(isIP(host) === 0 && { servername: host }),
    // For an address there is no server name to send, and Node would compare the certificate with "localhost"
    // (tls.connect over an existing socket).
    checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
      checkServerIdentity(host, certificate),
  };
}

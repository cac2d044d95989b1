/** What the manifest says of certificates: names and sources. The function that reads them knows no more. */
import * as z from 'zod';
import { type CertificateConfig, endpointPattern } from './certificate-schema.ts';
import { type Scope, secretName, secretNameOfArn } from './names.ts';

export const manifestCertificateSchema = z.discriminatedUnion('from', [
  z.object({ from: z.literal('acm'), name: z.string(), arn: z.string() }),
  z.object({
    from: z.literal('secret'),
    name: z.string(),
    /** Its name, or its ARN where it stands in another account. */
    secret: z.string(),
    field: z.string().optional(),
  }),
  z.object({
    from: z.literal('endpoint'),
    name: z.string(),
    host: z.string(),
    port: z.int(),
    servername: z.string(),
    startTls: z.enum(['postgres']).optional(),
  }),
]);
export type ManifestCertificate = z.infer<typeof manifestCertificateSchema>;

export function manifestCertificates(
  scope: Scope,
  certificates: readonly CertificateConfig[],
): ManifestCertificate[] {
  return certificates.map((certificate) => manifestCertificate(scope, certificate));
}

function manifestCertificate(scope: Scope, certificate: CertificateConfig): ManifestCertificate {
  const { name, acm, secret, field, startTls } = certificate;
  if (acm !== undefined) return { from: 'acm', name, arn: acm };
  if (secret !== undefined) {
    const id = typeof secret === 'string' ? secretName(scope, secret) : secret.secretArn;
    return { from: 'secret', name, secret: id, ...(field !== undefined && { field }) };
  }
  const { host, port } = hostAndPort(certificate.endpoint ?? '');
  const servername = certificate.servername ?? host;
  return { from: 'endpoint', name, host, port, servername, ...(startTls && { startTls }) };
}

/** The rules have refused what is none before. */
export function hostAndPort(endpoint: string): { host: string; port: number } {
  const [, host = '', port = '0'] = endpointPattern.exec(endpoint) ?? [];
  return { host, port: Number(port) };
}

/** As people read it: an ARN, the name of a secret, or host and port. */
export function sourceOf(certificate: ManifestCertificate): string {
  switch (certificate.from) {
    case 'acm':
      return certificate.arn;
    case 'secret':
      return nameOfSecret(certificate.secret);
    case 'endpoint':
      return `${certificate.host}:${certificate.port}`;
  }
}

function nameOfSecret(id: string): string {
  try {
    return secretNameOfArn(id);
  } catch {
    return id;
  }
}

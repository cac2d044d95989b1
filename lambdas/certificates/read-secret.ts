/**
 * A PEM in a secret. The value often holds the private key as well: nothing but the blocks that call themselves
 * CERTIFICATE is taken out of it, and nothing of the value is repeated anywhere.
 */
import { X509Certificate } from 'node:crypto';
import type { ManifestCertificate } from '../../domain/config/certificate-manifest.ts';
import { uninitialisedMarker } from '../../domain/config/names.ts';
import { readChain } from './chain.ts';
import type { SourceDoors } from './doors.ts';
import type { Reading } from './reading.ts';

type FromSecret = Extract<ManifestCertificate, { from: 'secret' }>;

export async function readSecret(
  { secretsManager }: Pick<SourceDoors, 'secretsManager'>,
  { secret, field }: FromSecret,
  now: Date,
): Promise<Reading> {
  const value = await secretsManager.getCurrentValue(secret);
  if (value === undefined || value === uninitialisedMarker) {
    return { problem: 'the secret holds no value yet' };
  }
  const text = field === undefined ? value : fieldOf(value, field);
  if (text === undefined) {
    return { problem: `the value is no JSON document with a text in field "${field}"` };
  }
  const certificates = certificatesIn(text);
  if (certificates === undefined) {
    return { problem: 'a certificate in the value cannot be parsed: it is cut off or altered' };
  }
  return certificates.length === 0
    ? { problem: 'the value holds no certificate (-----BEGIN CERTIFICATE-----)' }
    : readChain(certificates, now);
}

function fieldOf(value: string, field: string): string | undefined {
  try {
    const document: unknown = JSON.parse(value);
    const found: unknown =
      typeof document === 'object' && document !== null && Object.hasOwn(document, field)
        ? Reflect.get(document, field)
        : undefined;
    return typeof found === 'string' ? found : undefined;
  } catch {
    // Its message would quote the value.
    return undefined;
  }
}

/** Line ends may have gone through an environment variable, as `\n`. Undefined: one does not parse. */
function certificatesIn(text: string): X509Certificate[] | undefined {
  const blocks = text
    .replaceAll('\\n', '\n')
    .match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g);
  try {
    return (blocks ?? []).map((pem) => new X509Certificate(pem));
  } catch {
    return undefined;
  }
}

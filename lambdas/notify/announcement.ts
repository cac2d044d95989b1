/** An event of the bus, parsed once at the door and held against the manifest. */
import * as z from 'zod';
import { isRotated, type Manifest, type ManifestSecret } from '../../domain/config/manifest.ts';
import { isSecretOf } from '../../domain/config/names.ts';
import { type Announced, announcedSchema } from '../../domain/events/announced.ts';
import { auditEventSource } from '../../domain/events/audit-event.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { isChanged } from '../../domain/reports/messages/emergency-facts.ts';
import type { Background } from '../../domain/reports/messages/news-of.ts';
import { InvalidAnnouncementError } from './errors.ts';

const envelope = z.object({
  source: z.literal(auditEventSource),
  'detail-type': z.string().max(128),
  detail: announcedSchema,
});

/** @throws InvalidAnnouncementError that names the fields which do not fit, never their content */
export function parseAnnouncement(event: unknown): Announced {
  const parsed = readAs(envelope, event);
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'its shape');
    throw new InvalidAnnouncementError(`does not fit in ${[...new Set(fields)].join(', ')}`);
  }
  const { 'detail-type': type, detail } = parsed.data;
  if (type !== detail.type) {
    throw new InvalidAnnouncementError('names in detail-type another type than in its detail');
  }
  return detail;
}

/**
 * Anybody who may put events on the account's bus can write one: what is told is only about secrets and
 * certificates the deployment has.
 * @param neighbour an ARN of this deployment: the secret must be in the same account and region
 * @throws InvalidAnnouncementError
 */
export function backgroundOf(
  event: Announced,
  manifest: Manifest,
  { neighbour, timeZone }: { neighbour: string; timeZone: string },
): Background {
  const { name: application, environment } = manifest;
  const deployment = { application, environment, timeZone };
  if (event.type === 'certificate-expiring') {
    if (event.deployment !== `${application}/${environment}`) {
      throw new InvalidAnnouncementError('is about a certificate of another deployment');
    }
    return { ...deployment, key: event.certificate.name, ...nothingKnown };
  }
  if (event.type === 'credential-trigger') {
    const known = new Set(manifest.secrets.map(({ name }) => name));
    if (
      event.deployment !== `${application}/${environment}` ||
      event.secrets.some(({ name }) => !known.has(name))
    ) {
      throw new InvalidAnnouncementError('is about a trigger or a secret of another deployment');
    }
    return { ...deployment, key: event.trigger, ...nothingKnown };
  }
  if (event.type === 'credential-emergency') {
    const known = new Map(manifest.secrets.map(({ key, name, kind }) => [`${key} ${name}`, kind]));
    const kindOf = ({ key, name }: { key: string; name: string }) => known.get(`${key} ${name}`);
    if (
      event.deployment !== `${application}/${environment}` ||
      event.secrets.some((secret) => kindOf(secret) === undefined)
    ) {
      throw new InvalidAnnouncementError('is about an emergency or a secret of another deployment');
    }
    const changed = event.phase === 'begun' ? event.secrets : event.secrets.filter(isChanged);
    const kinds = [...new Set(changed.flatMap((secret) => kindOf(secret) ?? []))];
    return { ...deployment, key: 'emergency', kinds, ...nothingKnown };
  }
  const secret = manifest.secrets.find(({ name }) => name === event.secret.name);
  if (secret === undefined || !isSecretOf(event.secret.arn, event.secret.name, neighbour)) {
    throw new InvalidAnnouncementError(
      'is about a secret that this deployment does not have, or one of another account or region',
    );
  }
  return { ...deployment, key: secret.key, ...knownOf(secret) };
}

type Known = Omit<Background, 'application' | 'environment' | 'timeZone' | 'key'>;

const nothingKnown: Known = {
  signsOut: false,
  maintenance: false,
  behindProxy: false,
  readerCacheSeconds: 0,
};

function knownOf(secret: ManifestSecret): Known {
  if (!isRotated(secret)) return nothingKnown;
  return {
    signsOut: secret.kind === 'jwt' && secret.logsEveryoneOut,
    maintenance: secret.kind === 'encryption' && secret.reencryption?.mode === 'maintenance',
    behindProxy: secret.kind === 'database' && secret.connection === 'rdsProxy',
    readerCacheSeconds: secret.readerCacheSeconds,
  };
}

/** The deployment that an emergency of these tests happens to, and what its parts answer. */
import type { Manifest, ManifestSecret } from '../../../domain/config/manifest.ts';
import type { AccessAnswer } from '../../../domain/events/access-audit.ts';
import type { Diagnosis } from '../../../domain/events/diagnosis.ts';
import { signingSecret } from '../pharmacy.ts';

export const versionOf = (key: string) => `${key.padEnd(8, '0')}-0000-4000-8000-000000000000`;
export const nameOf = (key: string) => `pharmacy/prod/${key}`;
export const machine = 'quarterturn-pharmacy-prod-emergency';
export const arn = (service: string, rest: string) =>
  `arn:aws:${service}:eu-west-1:000000000000:${rest}`;
export const executionArn = (name: string) => arn('states', `execution:${machine}:${name}`);

export const jwt: ManifestSecret = signingSecret('jwt');
export const database: ManifestSecret = {
  kind: 'database',
  key: 'db',
  name: nameOf('db'),
  function: 'fn-db',
  origin: 'new',
  armed: true,
  cadenceDays: 90,
  leadDays: 5,
  readerCacheSeconds: 300,
  scheme: 'multiUser',
  host: 'db.internal',
  port: 5432,
  dbname: 'pharmacy',
  roles: ['a', 'b'],
  admin: 'admin',
};
export const mail: ManifestSecret = {
  kind: 'userManaged',
  key: 'mail',
  name: nameOf('mail'),
  purpose: 'the key of the mail provider',
};
/** One key, and rows that move with consumers stopped. */
export const scalar: ManifestSecret = {
  kind: 'encryption',
  key: 'pii',
  name: nameOf('pii'),
  function: 'fn-pii',
  origin: 'new',
  armed: true,
  cadenceDays: 365,
  leadDays: 5,
  readerCacheSeconds: 300,
  readers: 'scalar',
  columns: [],
  reencryption: {
    function: 'rows-pii',
    login: 'db',
    mode: 'maintenance',
    workers: 1,
    stores: [],
  },
};

export type Consumer = Manifest['consumers'][number];
export const served = (name: string, reads: string[]): Consumer => ({
  name,
  reads,
  policy: `reader-${name}`,
  restart: `ecs main/${name}`,
  learns: 'restart',
  health: 'ask-health',
});
export const invoked = (name: string, reads: string[]): Consumer => ({
  ...served(name, reads),
  restart: `lambda ${name}`,
});

export const suspect = 'arn:aws:iam::000000000000:role/app/reporting';
export const id = '20260517t170000z-0123456789abcdef';
export const input = { id, secrets: ['jwt', 'db'], reason: 'it was in a log', requestedBy: 'mona' };

export const dead = [{ fact: 'oldCredentialRefused', detail: { role: 'a', host: 'db.internal' } }];
export const audit: AccessAnswer = {
  done: true,
  audit: {
    version: 1,
    at: '2026-05-17T17:00:00.000Z',
    asked: {
      from: '2026-02-16T17:00:00.000Z',
      to: '2026-05-17T17:00:00.000Z',
      secrets: ['jwt', 'db'],
    },
    covered: [
      {
        region: 'eu-west-1',
        source: 'lookupEvents',
        from: '2026-02-16T17:00:00.000Z',
        to: '2026-05-17T17:00:00.000Z',
        events: 3,
      },
    ],
    readers: [],
    moreReaders: 0,
    notVisible: [],
    notes: [],
  },
};

export function diagnosisOf(key: string): Diagnosis {
  return {
    secretArn: `arn:aws:secretsmanager:eu-west-1:000000000000:secret:${nameOf(key)}-AbCdEf`,
    functionArn: `arn:aws:lambda:eu-west-1:000000000000:function:fn-${key}`,
    reaches: [{ service: 'kms', milliseconds: 3 }],
    versions: [
      {
        versionId: versionOf(key),
        labels: ['AWSCURRENT'],
        value: 'text',
        attempts: [{ at: 'target', answer: 'accepted', milliseconds: 5 }],
      },
    ],
  };
}

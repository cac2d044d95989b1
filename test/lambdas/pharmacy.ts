/** The deployment of the rooms' tests, as their manifest tells of it, without its secrets. */
import type { Manifest, RotatedManifestSecret } from '../../domain/config/manifest.ts';

export const pharmacy = {
  version: 1,
  name: 'pharmacy',
  environment: 'prod',
  region: 'eu-west-1',
  controlTable: 'control',
  afterRotationMachine: 'after-rotation',
  operatorPolicy: 'operator',
} satisfies Partial<Manifest>;

/** A signing secret of 90 days that is new and armed. */
export const signingSecret = (key: string, name = `pharmacy/prod/${key}`) =>
  ({
    kind: 'jwt',
    key,
    name,
    function: `fn-${key}`,
    origin: 'new',
    armed: true,
    cadenceDays: 90,
    leadDays: 5,
    readerCacheSeconds: 300,
    readers: 'keyset',
    acceptForSeconds: 60,
    logsEveryoneOut: false,
  }) satisfies RotatedManifestSecret;

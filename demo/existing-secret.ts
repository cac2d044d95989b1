/**
 * What the account of `npm run sandbox` held before the stack was deployed: one secret of an application, the
 * key alone as its value, for `quarterturn adopt`. ARNs are the same in every sandbox, so that the lines of
 * docs/adopt.md can be pasted.
 */
import type { SandboxOptions } from '../sandbox/start.ts';

const owner = '000000000000';
const keyId = '5e55104e-0000-4000-8000-0000000001d5';
const suffix = 'AbCdEf';
const ageDays = 120;

/** It is to be in the configuration under this key. */
export const oldSecretKey = 'sessionKey';
const name = 'old/session-key';

/** The entry of the configuration that names it. */
export function entryOf(region: string): string {
  return `${oldSecretKey}: {
  kind: 'jwt', field: 'SESSION_KEY', bits: 512, encoding: 'base64',
  cadenceDays: 180, readers: 'keyset', longestToken: '30d',
  adopt: {
    secretArn: '${arnOf('secretsmanager', region, `secret:${name}-${suffix}`)}',
    kmsKeyArn: '${kmsKeyArn(region)}',
  },
},`;
}

/** @param value 512 bits in base64 */
export function accountBefore(
  region: string,
  now: Date,
  value: string,
): NonNullable<SandboxOptions['existing']> {
  return {
    keys: [{ keyId, policy: letsIamDecide }],
    secrets: [
      {
        name,
        suffix,
        secretString: value,
        kmsKeyId: kmsKeyArn(region),
        createdAt: new Date(now.getTime() - ageDays * 86_400_000),
      },
    ],
  };
}

const arnOf = (service: string, region: string, resource: string): string =>
  `arn:aws:${service}:${region}:${owner}:${resource}`;
const kmsKeyArn = (region: string): string => arnOf('kms', region, `key/${keyId}`);

/** As the console makes it (KMS developer guide, "Default key policy"). */
const letsIamDecide = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Enable IAM User Permissions',
      Effect: 'Allow' as const,
      Principal: { AWS: `arn:aws:iam::${owner}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
};

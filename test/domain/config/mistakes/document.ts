/** A good configuration, and the shape of a mistake in it: one change, and what must be said. */

// biome-ignore lint/suspicious/noExplicitAny: documents that must be refused have no type
type Document = any;
export type Mistake = [
  title: string,
  change: (document: Document) => unknown,
  said: readonly RegExp[],
];

export const arnOf = (name: string, region = 'eu-west-1', account = '123456789012') =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`;
export const kmsKeyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0b1c';
export const existing = (name: string, region?: string, account?: string) => ({
  secretArn: arnOf(name, region, account),
  kmsKeyArn: kmsKeyArn.replace('eu-west-1', region ?? 'eu-west-1'),
});

export function document(): Document {
  return {
    name: 'shop',
    environment: 'prod',
    region: 'eu-west-1',
    account: '123456789012',
    networks: { vpc: { cidr: '10.42.0.0/24' } },
    escrow: { retentionDays: 30 },
    contacts: { onCall: ['ops@example.com'] },
    auditYears: 5,
    secrets: {
      jwt: {
        kind: 'jwt',
        field: 'JWT_SECRET',
        bits: 256,
        encoding: 'base64',
        cadenceDays: 180,
        readers: 'keyset',
        longestToken: '1d',
      },
      pii: {
        kind: 'encryption',
        field: 'ENCRYPTION_KEY',
        bits: 256,
        encoding: 'hex',
        cadenceDays: 90,
        readers: 'keyset',
        database: 'db',
        columns: [
          {
            id: 'patients.ssn',
            table: 'public.patients',
            column: 'ssn',
            format: 'qt1',
            profile: 'row',
            primaryKey: ['id'],
          },
        ],
      },
      db: {
        kind: 'database',
        scheme: 'multiUser',
        host: 'shop.example.com',
        dbname: 'shop',
        identity: 'shop_app',
        roles: ['shop_a', 'shop_b'],
        admin: 'admin',
        cadenceDays: 180,
        network: 'vpc',
      },
      legacy: {
        kind: 'database',
        scheme: 'singleUser',
        host: 'shop.example.com',
        dbname: 'shop',
        roles: ['shop_legacy'],
        admin: existing('master'),
        cadenceDays: 180,
      },
      admin: { kind: 'userManaged', purpose: 'rotator' },
      vendor: { kind: 'userManaged', purpose: 'the key of a vendor' },
    },
    consumers: [{ name: 'api', reads: ['jwt', 'vendor'] }],
  };
}

export const one = (pattern: RegExp) => [pattern];

/** What a person gets wrong in a configuration: one change of a good one each, and what must be said. */

// biome-ignore lint/suspicious/noExplicitAny: documents that must be refused have no type
type Document = any;
export type Mistake = [
  title: string,
  change: (document: Document) => unknown,
  said: readonly RegExp[],
];

const arnOf = (name: string, region = 'eu-west-1', account = '123456789012') =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`;
const kmsKeyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0b1c';
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

const one = (pattern: RegExp) => [pattern];
const typo = (title: string, path: string, wrong: string, right: string): Mistake => [
  title,
  (c) => {
    const holder = path.split('.').reduce((value, key) => (key === '' ? value : value[key]), c);
    holder[wrong] = holder[right] ?? 1;
    delete holder[right];
  },
  [
    new RegExp(
      `found the unknown "${wrong}" \\(did you mean "${right}"\\?\\); expected only .*\\b${right}\\b`,
    ),
  ],
];

export const mistakes: readonly Mistake[] = [
  // The document itself.
  ['null', () => null, one(/^the configuration: found null; expected a value of type object$/)],
  [
    'a list',
    (c) => [c],
    one(/^the configuration: found a list of 1; expected a value of type object$/),
  ],
  [
    'a text',
    () => 'prod',
    one(/^the configuration: found "prod"; expected a value of type object$/),
  ],
  [
    'a function',
    () => () => 1,
    one(/^the configuration: found a function; expected a value of type object$/),
  ],
  [
    'nothing in it',
    () => ({}),
    [
      /^name: found nothing/,
      /^environment: found nothing/,
      /^region: found nothing/,
      /^secrets: found nothing/,
    ],
  ],
  // Names, account, region.
  [
    'a name in capitals',
    (c) => {
      c.name = 'Shop';
    },
    one(/^name: found "Shop"; expected lower case/),
  ],
  [
    'a name that is too long',
    (c) => {
      c.name = 'a-shop-with-a-long-name';
    },
    one(/^name: found "a-shop-.*2 to 16$/),
  ],
  [
    'a name of two words',
    (c) => {
      c.name = 'my shop';
    },
    one(/^name: found a string of 7 characters; expected lower case/),
  ],
  [
    'an environment with a hyphen',
    (c) => {
      c.environment = 'prod-eu';
    },
    one(/^environment: found "prod-eu"; expected lower case and digits/),
  ],
  [
    'an Availability Zone for a region',
    (c) => {
      c.region = 'eu-west-1a';
    },
    one(/^region: found "eu-west-1a"; expected an AWS region such as "eu-west-1"$/),
  ],
  [
    'an account as a number',
    (c) => {
      c.account = 123456789012;
    },
    one(/^account: found 123456789012; expected a value of type string$/),
  ],
  [
    'an account of 11 digits',
    (c) => {
      c.account = '12345678901';
    },
    one(/^account: found "12345678901"; expected an AWS account id of 12 digits$/),
  ],
  [
    'a user where a role is expected',
    (c) => {
      c.breakGlassRoleArn = 'arn:aws:iam::123456789012:user/root';
    },
    one(/^breakGlassRoleArn: found "arn:.*; expected the ARN of an IAM role$/),
  ],
  // Spelling.
  typo('a typo in a field of the document', '', 'secrest', 'secrets')
    .slice(0, 2)
    .concat([
      [/found the unknown "secrest" \(did you mean "secrets"\?\)/, /^secrets: found nothing/],
    ]) as unknown as Mistake,
  typo('a typo in a default', '', 'auditYaers', 'auditYears'),
  typo('a plural', '', 'network', 'networks')
    .slice(0, 2)
    .concat([
      [
        /found the unknown "network" \(did you mean "networks"\?\)/,
        /^secrets\.db\.network: found "vpc"/,
      ],
    ]) as unknown as Mistake,
  typo('a typo in contacts', 'contacts', 'oncall', 'onCall'),
  typo('a typo in escrow', 'escrow', 'retentionDay', 'retentionDays'),
  typo('a typo in a secret', 'secrets.jwt', 'signerCahce', 'signerCache'),
  typo('a typo in a database', 'secrets.db', 'databaseURL', 'databaseUrl'),
  typo('a typo in an adoption', 'secrets.legacy.admin', 'secretARN', 'secretArn')
    .slice(0, 2)
    .concat([
      [
        /^secrets\.legacy\.admin\.secretArn: found nothing/,
        /found the unknown "secretARN" \(did you mean "secretArn"\?\)/,
      ],
    ]) as unknown as Mistake,
  typo('a typo in a column', 'secrets.pii.columns.0', 'primarykey', 'primaryKey')
    .slice(0, 2)
    .concat([
      [
        /found the unknown "primarykey" \(did you mean "primaryKey"\?\)/,
        /^secrets\.pii\.columns\.0\.primaryKey: found nothing/,
      ],
    ]) as unknown as Mistake,
  typo('a typo in a consumer', 'consumers.0', 'raeds', 'reads')
    .slice(0, 2)
    .concat([
      [
        /^consumers\.0\.reads: found nothing/,
        /found the unknown "raeds" \(did you mean "reads"\?\)/,
      ],
    ]) as unknown as Mistake,
  [
    'a field of another kind',
    (c) => {
      c.secrets.jwt.scheme = 'multiUser';
    },
    one(/^secrets\.jwt: found the unknown "scheme"; expected only kind, .*longestToken/),
  ],
  [
    'a typo in a kind',
    (c) => {
      c.secrets.jwt.kind = 'databse';
    },
    one(/^secrets\.jwt\.kind: found "databse"; expected kind .* \(did you mean "database"\?\)$/),
  ],
  [
    'a typo in a scheme',
    (c) => {
      c.secrets.db.scheme = 'multi-user';
    },
    one(
      /^secrets\.db\.scheme: found "multi-user"; expected "multiUser", "singleUser" \(did you mean "multiUser"\?\)$/,
    ),
  ],
  [
    'no kind',
    (c) => {
      delete c.secrets.jwt.kind;
    },
    one(/^secrets\.jwt\.kind: found nothing; expected kind "jwt"/),
  ],
  [
    'a secret that is a text',
    (c) => {
      c.secrets.vendor = 'vendor key';
    },
    one(/^secrets\.vendor: found a string of 10 characters; expected a value of type object$/),
  ],
  [
    'a key with a hyphen',
    (c) => {
      c.secrets['my-key'] = c.secrets.vendor;
    },
    one(/^secrets\.my-key: found a key that is no name; expected letters and digits/),
  ],
  [
    'a key that is too long',
    (c) => {
      c.secrets[`k${'e'.repeat(20)}`] = c.secrets.vendor;
    },
    one(/found a key that is no name; expected letters and digits, 20 at most/),
  ],
  [
    'a cadence as a text',
    (c) => {
      c.secrets.jwt.cadenceDays = '90';
    },
    one(/^secrets\.jwt\.cadenceDays: found "90"; expected a value of type number$/),
  ],
  [
    'a cadence of 6 days',
    (c) => {
      c.secrets.jwt.cadenceDays = 6;
      c.secrets.jwt.leadDays = 1;
    },
    one(/^secrets\.jwt\.cadenceDays: found 6; expected at least 7$/),
  ],
  [
    'a cadence that is no number',
    (c) => {
      c.secrets.jwt.cadenceDays = Number.NaN;
    },
    one(/^secrets\.jwt\.cadenceDays: found NaN/),
  ],
  [
    'a token that lives for ever',
    (c) => {
      c.secrets.jwt.longestToken = '1000d';
    },
    one(/^secrets\.jwt\.longestToken: found "1000d"; expected at most 400 days$/),
  ],
  [
    'a duration in months',
    (c) => {
      c.secrets.jwt.longestToken = '3M';
    },
    one(/^secrets\.jwt\.longestToken: found "3M"; expected a whole number and a unit/),
  ],
  [
    'a size in bytes',
    (c) => {
      c.secrets.jwt.bits = 32;
    },
    one(/^secrets\.jwt\.bits: found 32; expected 256, 384, 512$/),
  ],
  [
    'an encoding with a capital',
    (c) => {
      c.secrets.jwt.encoding = 'Base64';
    },
    one(/^secrets\.jwt\.encoding: found "Base64"; expected .* \(did you mean "base64"\?\)$/),
  ],
  [
    'armed as a text',
    (c) => {
      c.secrets.jwt.armed = 'yes';
    },
    one(/^secrets\.jwt\.armed: found "yes"; expected a value of type boolean$/),
  ],
  // Networks.
  [
    'a network that is not there',
    (c) => {
      c.secrets.db.network = 'other';
      c.networks = {};
    },
    one(
      /^secrets\.db\.network: found "other"; expected a network of this configuration \(there is none\)$/,
    ),
  ],
  [
    'a network nobody uses',
    (c) => {
      c.networks.spare = { cidr: '10.43.0.0/24' };
    },
    one(/^networks\.spare: found a network no secret uses/),
  ],
  [
    'a range that is none',
    (c) => {
      c.networks.vpc.cidr = '10.42.0.0';
    },
    one(/^networks\.vpc\.cidr: found "10\.42\.0\.0"; expected an IPv4 range/),
  ],
  [
    'one Availability Zone',
    (c) => {
      c.networks.vpc.availabilityZones = 1;
    },
    one(/^networks\.vpc\.availabilityZones: found 1; expected at least 2$/),
  ],
  [
    'a VPC without its subnets',
    (c) => {
      c.networks.vpc = {
        vpcId: 'vpc-0123456789abcdef0',
        databaseSecurityGroupId: 'sg-0123456789abcdef0',
      };
    },
    one(/^networks\.vpc\.subnetIds: found nothing/),
  ],
  [
    'a name for a VPC id',
    (c) => {
      c.networks.vpc = {
        vpcId: 'main',
        subnetIds: ['subnet-0123456789abcdef0'],
        databaseSecurityGroupId: 'sg-0123456789abcdef0',
        endpoints: 'existing',
      };
    },
    one(/^networks\.vpc\.vpcId: found "main"; expected the id of a VPC/),
  ],
  // Escrow, contacts, audit.
  [
    'no retention',
    (c) => {
      c.escrow.retentionDays = 0;
    },
    one(/^escrow\.retentionDays: found 0; expected at least 1$/),
  ],
  [
    'a mode in capitals',
    (c) => {
      c.escrow.mode = 'GOVERNANCE';
    },
    one(
      /^escrow\.mode: found "GOVERNANCE"; expected "governance", "compliance" \(did you mean "governance"\?\)$/,
    ),
  ],
  [
    'a reader of escrow that is no role',
    (c) => {
      c.escrow.readerRoleArns = ['auditor'];
    },
    one(/^escrow\.readerRoleArns\.0: found "auditor"; expected the ARN of an IAM role$/),
  ],
  [
    'a reader of escrow twice',
    (c) => {
      const arn = 'arn:aws:iam::123456789012:role/auditor';
      c.escrow.readerRoleArns = [arn, arn];
    },
    one(/^escrow\.readerRoleArns\.1: found "arn:.*" again/),
  ],
  [
    'an address that is none',
    (c) => {
      c.contacts.onCall = ['ops'];
    },
    one(/^contacts\.onCall\.0: found "ops"; expected an e-mail address$/),
  ],
  [
    'an address twice',
    (c) => {
      c.contacts.onCall = ['ops@example.com', 'OPS@example.com'];
    },
    one(/^contacts\.onCall\.1: found a string of 15 characters again/),
  ],
  [
    'an address instead of a list',
    (c) => {
      c.contacts.onCall = 'ops@example.com';
    },
    one(/^contacts\.onCall: found a string of 15 characters; expected a value of type array$/),
  ],
  [
    'seven years',
    (c) => {
      c.auditYears = 7;
    },
    one(/^auditYears: found 7; expected 1, 2, 3, 5, 10$/),
  ],
  // What is taken over, and from whom.
  [
    'a secret of another account',
    (c) => {
      c.secrets.jwt.adopt = existing('old', undefined, '999999999999');
    },
    one(
      /^secrets\.jwt\.adopt\.secretArn: found a secret of account 999999999999; expected one of 123456789012/,
    ),
  ],
  [
    'secrets of two accounts, none named',
    (c) => {
      delete c.account;
      c.secrets.jwt.adopt = existing('a');
      c.secrets.pii.adopt = existing('b', undefined, '999999999999');
    },
    one(
      /^secrets\.pii\.adopt\.secretArn: found a secret of account 999999999999; expected one of 123456789012/,
    ),
  ],
  [
    'a secret of another region',
    (c) => {
      c.secrets.jwt.adopt = { ...existing('old', 'us-east-1'), kmsKeyArn };
    },
    one(
      /^secrets\.jwt\.adopt\.secretArn: found a secret in "us-east-1"; expected one in "eu-west-1"/,
    ),
  ],
  [
    'a key of another region',
    (c) => {
      c.secrets.jwt.adopt = {
        ...existing('old'),
        kmsKeyArn: kmsKeyArn.replace('eu-west-1', 'us-east-1'),
      };
    },
    one(
      /^secrets\.jwt\.adopt\.kmsKeyArn: found a key in "us-east-1"; expected the one in "eu-west-1"/,
    ),
  ],
  [
    'an alias for a key',
    (c) => {
      c.secrets.jwt.adopt = { ...existing('old'), kmsKeyArn: 'alias/shop' };
    },
    one(/^secrets\.jwt\.adopt\.kmsKeyArn: found "alias\/shop"; expected the full ARN of a KMS key/),
  ],
  [
    'a name for an ARN',
    (c) => {
      c.secrets.jwt.adopt = { ...existing('old'), secretArn: 'shop/jwt' };
    },
    one(/^secrets\.jwt\.adopt\.secretArn: found "shop\/jwt"; expected the full ARN of a secret/),
  ],
  [
    'one secret adopted twice',
    (c) => {
      c.secrets.db.adopt = existing('old');
      c.secrets.legacy.adopt = existing('old');
    },
    one(
      /^secrets\.legacy\.adopt\.secretArn: found "old", which secrets\.db is already; expected every secret once$/,
    ),
  ],
  [
    'an adopted secret with the name of a new one',
    (c) => {
      c.secrets.legacy.adopt = existing('shop/prod/db');
    },
    one(/^secrets\.legacy\.adopt\.secretArn: found "shop\/prod\/db", which secrets\.db is already/),
  ],
  [
    'an admin elsewhere in another region',
    (c) => {
      c.secrets.legacy.admin = existing('master', 'us-east-1');
    },
    [
      /^secrets\.legacy\.admin\.secretArn: found a secret in "us-east-1"/,
      /^secrets\.legacy\.admin\.kmsKeyArn: found a key in "us-east-1"/,
    ],
  ],
  [
    'a secret that is its own admin',
    (c) => {
      c.secrets.legacy.adopt = existing('master');
    },
    one(
      /^secrets\.legacy\.admin\.secretArn: found the secret that is adopted here; expected another one/,
    ),
  ],
  [
    'a secret that is its own master',
    (c) => {
      c.secrets.db.adopt = existing('own');
      c.secrets.db.bootstrap = existing('own');
    },
    one(/^secrets\.db\.bootstrap\.secretArn: found the secret that is adopted here/),
  ],
  [
    'a bootstrap without its key',
    (c) => {
      c.secrets.db.bootstrap = { secretArn: arnOf('master') };
    },
    one(/^secrets\.db\.bootstrap\.kmsKeyArn: found nothing; expected a value of type string$/),
  ],
  [
    'a bootstrap by a key of the configuration',
    (c) => {
      c.secrets.db.bootstrap = 'admin';
    },
    one(/^secrets\.db\.bootstrap: found "admin"; expected a value of type object$/),
  ],
  // Who is whose.
  [
    'an admin that is not there',
    (c) => {
      c.secrets.db.admin = 'adnim';
    },
    one(
      /^secrets\.db\.admin: found "adnim"; expected the key of a userManaged secret \(admin, vendor\)/,
    ),
  ],
  [
    'an admin that is the secret itself',
    (c) => {
      c.secrets.db.admin = 'db';
    },
    one(/^secrets\.db\.admin: found "db"; expected the key of a userManaged secret/),
  ],
  [
    'no admin',
    (c) => {
      delete c.secrets.db.admin;
    },
    one(/^secrets\.db\.admin: found nothing/),
  ],
  [
    'columns in what is no database',
    (c) => {
      c.secrets.pii.database = 'vendor';
    },
    one(
      /^secrets\.pii\.database: found "vendor"; expected the key of a database secret \(db, legacy\)$/,
    ),
  ],
  [
    'columns in a database that is not there',
    (c) => {
      c.secrets.pii.database = 'bd';
    },
    one(/^secrets\.pii\.database: found "bd"; expected the key of a database secret/),
  ],
  [
    'a role of two secrets',
    (c) => {
      c.secrets.legacy.roles = ['shop_a'];
    },
    one(/^secrets\.legacy\.roles: found "shop_a", which secrets\.db sets on the same cluster/),
  ],
  [
    'the identity as a login role',
    (c) => {
      c.secrets.db.roles = ['shop_a', 'shop_app'];
    },
    one(/^secrets\.db\.identity: found "shop_app", whose password secrets\.db sets/),
  ],
  [
    'three roles',
    (c) => {
      c.secrets.db.roles = ['shop_a', 'shop_b', 'shop_c'];
    },
    one(/^secrets\.db\.roles: found a list of 3; expected at most 2 entries$/),
  ],
  [
    'a role in capitals',
    (c) => {
      c.secrets.db.roles = ['shop_a', 'Shop_B'];
    },
    one(/^secrets\.db\.roles\.1: found "Shop_B"; expected a PostgreSQL identifier in lower case/),
  ],
  [
    'locks in two databases of one cluster',
    (c) => {
      c.secrets.legacy.maintenanceDatabase = 'shop';
    },
    one(
      /^secrets\.legacy\.maintenanceDatabase: found "shop"; expected "postgres" as in secrets\.db/,
    ),
  ],
  [
    'tables to verify without an identity',
    (c) => {
      c.secrets.legacy.verifyTables = ['public.patients'];
    },
    one(/^secrets\.legacy\.verifyTables: found a list of 1; scheme "singleUser" has no identity/),
  ],
  [
    'a table to verify twice',
    (c) => {
      c.secrets.db.verifyTables = ['public.a', 'public.a'];
    },
    one(/^secrets\.db\.verifyTables\.1: found "public\.a" again/),
  ],
  [
    'an encrypted column in its own primary key',
    (c) => {
      c.secrets.pii.columns[0].primaryKey = ['ssn'];
    },
    one(/^secrets\.pii\.columns\.0\.primaryKey: found "ssn", the encrypted column itself/),
  ],
  [
    'a column twice in a primary key',
    (c) => {
      c.secrets.pii.columns[0].primaryKey = ['id', 'id'];
    },
    one(/^secrets\.pii\.columns\.0\.primaryKey\.1: found "id" again/),
  ],
  [
    'a format of another product',
    (c) => {
      c.secrets.pii.columns[0].format = 'fernet';
    },
    one(/^secrets\.pii\.columns\.0\.format: found "fernet"; expected "qt1"$/),
  ],
  [
    'a consumer that reads the admin',
    (c) => {
      c.consumers[0].reads = ['jwt', 'admin'];
    },
    one(
      /^consumers\.0\.reads: found "admin", the credential that sets every role; expected a secret an application needs/,
    ),
  ],
  [
    'a consumer that reads nothing',
    (c) => {
      c.consumers[0].reads = [];
    },
    one(/^consumers\.0\.reads: found a list of 0; expected at least 1 entries$/),
  ],
  [
    'a consumer that reads one secret twice',
    (c) => {
      c.consumers[0].reads = ['jwt', 'jwt'];
    },
    one(/^consumers\.0\.reads\.1: found "jwt" again/),
  ],
  [
    'a consumer in capitals',
    (c) => {
      c.consumers[0].name = 'API';
    },
    one(/^consumers\.0\.name: found "API"; expected lower case/),
  ],
  [
    'a port as a text',
    (c) => {
      c.secrets.db.port = '5432';
    },
    one(/^secrets\.db\.port: found "5432"; expected a value of type number$/),
  ],
  [
    'port 0',
    (c) => {
      c.secrets.db.port = 0;
    },
    one(/^secrets\.db\.port: found 0; expected at least 1$/),
  ],
  [
    'an authority that is a path',
    (c) => {
      c.secrets.db.ca = './ca.pem';
    },
    one(/^secrets\.db\.ca: found "\.\/ca\.pem"; expected /),
  ],
  [
    'a purpose that says nothing',
    (c) => {
      c.secrets.vendor.purpose = '';
    },
    one(/^secrets\.vendor\.purpose: found ""; expected at least 1 characters$/),
  ],
];

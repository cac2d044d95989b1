/** What is taken over, from whom, and who sets, reads and locks what. */
import { arnOf, existing, kmsKeyArn, type Mistake, one } from './document.ts';

export const ownership: readonly Mistake[] = [
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

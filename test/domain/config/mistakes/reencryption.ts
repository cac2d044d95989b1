/** Rows that follow their key: whose login rewrites them, and who may read meanwhile. */
import { existing, type Mistake, one } from './document.ts';

const rows = { login: 'legacy', backupRetention: '35d' };

export const reencryption: readonly Mistake[] = [
  [
    'a re-encryption without its login',
    (c) => {
      c.secrets.pii.reencryption = { backupRetention: '35d' };
    },
    one(/^secrets\.pii\.reencryption\.login: found nothing; expected/),
  ],
  [
    'a re-encryption that does not say how long backups keep a row',
    (c) => {
      c.secrets.pii.reencryption = { login: 'legacy' };
    },
    one(/^secrets\.pii\.reencryption\.backupRetention: found nothing; expected/),
  ],
  [
    'a login that is no database secret',
    (c) => {
      c.secrets.pii.reencryption = { ...rows, login: 'admin' };
    },
    one(
      /^secrets\.pii\.reencryption\.login: found "admin"; expected the key of a database secret of its own \(legacy\)$/,
    ),
  ],
  [
    'a login that a prototype has',
    (c) => {
      c.secrets.pii.reencryption = { ...rows, login: 'constructor' };
    },
    one(/^secrets\.pii\.reencryption\.login: found "constructor"; expected the key of/),
  ],
  [
    "the application's login",
    (c) => {
      c.secrets.pii.reencryption = { ...rows, login: 'db' };
    },
    one(
      /^secrets\.pii\.reencryption\.login: found "db", which is secrets\.pii\.database; expected a login of its own: the application's reads rows and rewrites none$/,
    ),
  ],
  [
    'the login of the application behind another key',
    (c) => {
      const { columns, ...other } = c.secrets.pii;
      c.secrets.other = {
        ...other,
        database: 'legacy',
        columns: [{ ...columns[0], id: 'a.b', column: 'b' }],
      };
      c.secrets.pii.reencryption = rows;
    },
    one(
      /^secrets\.pii\.reencryption\.login: found "legacy", which is secrets\.other\.database; expected/,
    ),
  ],
  [
    'a login on another server and in another database',
    (c) => {
      Object.assign(c.secrets.legacy, { host: 'other.example.com', port: 6000, dbname: 'Shop' });
      c.secrets.pii.reencryption = rows;
    },
    one(
      /^secrets\.pii\.reencryption\.login: found "legacy" with another host, port, dbname than "db"; expected the same database, where the rows are$/,
    ),
  ],
  [
    'a login behind a pooler',
    (c) => {
      Object.assign(c.secrets.legacy, {
        connection: 'rdsProxy',
        endpoints: [{ host: 'proxy.example.com', port: 5432 }],
      });
      c.secrets.pii.reencryption = rows;
    },
    one(
      /^secrets\.pii\.reencryption\.login: found "legacy" with connection "rdsProxy"; expected "direct": transactions and locks/,
    ),
  ],
  [
    'a login that is adopted',
    (c) => {
      c.secrets.legacy.adopt = existing('shop/legacy');
      c.secrets.pii.reencryption = rows;
    },
    one(
      /^secrets\.pii\.reencryption\.login: found "legacy", which is adopted; expected a new secret with a role of its own/,
    ),
  ],
  [
    'a login that a consumer reads',
    (c) => {
      c.consumers[0].reads = ['jwt', 'legacy'];
      c.secrets.pii.reencryption = rows;
    },
    one(
      /^secrets\.pii\.reencryption\.login: found "legacy", which consumer "api" reads; expected a login no application knows$/,
    ),
  ],
  [
    'rows that follow, and no columns',
    (c) => {
      c.secrets.pii.reencryption = rows;
      c.secrets.pii.columns = [];
      delete c.secrets.pii.database;
    },
    one(
      /^secrets\.pii\.reencryption: found one without columns; expected the columns whose rows follow the key, or no reencryption$/,
    ),
  ],
  [
    'scalar readers while rows of two keys stand side by side',
    (c) => {
      c.secrets.pii.readers = 'scalar';
      c.secrets.pii.reencryption = rows;
    },
    one(
      /^secrets\.pii\.readers: found "scalar" with reencryption\.mode "online"; expected "keyset", or reencryption\.mode "maintenance"\. A reader that knows one key cannot/,
    ),
  ],
  [
    'one store twice',
    (c) => {
      const store = { name: 'archive', backupRetention: 'forever' };
      c.secrets.pii.reencryption = { ...rows, stores: [store, store] };
    },
    one(/^secrets\.pii\.reencryption\.stores\.1: found "archive" again; expected every name once$/),
  ],
  [
    'a hook for consumers that go on',
    (c) => {
      c.secrets.pii.reencryption = { ...rows, consumersHook: 'https://hook.example.com/' };
    },
    one(
      /^secrets\.pii\.reencryption\.consumersHook: found one with mode "online"; expected mode "maintenance"/,
    ),
  ],
  ...(
    [
      ['nowhere', 'no URL'],
      ['http://hook.example.com/', 'a URL of http:'],
      ['https://user:word@hook.example.com/', 'a URL with credentials'],
      ['https://hook.example.com/?token=1', 'a URL with credentials, query or fragment'],
      ['https://localhost/', '"localhost", a private host'],
      ['https://hooks/', '"hooks", a private host'],
      ['https://hook.internal./', '"hook.internal.", a private host'],
      ['https://0x7f.1/', '"127.0.0.1", a private host'],
      ['https://169.254.169.254/', '"169.254.169.254", a private host'],
      ['https://[::1]/', '"[::1]", a private host'],
      ['https://[fd00::1]/', '"[fd00::1]", a private host'],
      ['https://[::ffff:10.0.0.1]/', '"[::ffff:a00:1]", a private host'],
    ] as const
  ).map(
    ([consumersHook, found]): Mistake => [
      `a hook at ${consumersHook}`,
      (c) => {
        c.secrets.pii.reencryption = { ...rows, mode: 'maintenance', consumersHook };
      },
      one(
        new RegExp(
          `^secrets\\.pii\\.reencryption\\.consumersHook: found ${found.replaceAll(/[[\].]/g, '\\$&')}`,
        ),
      ),
    ],
  ),
  [
    'more workers than a database stands',
    (c) => {
      c.secrets.pii.reencryption = { ...rows, workers: 65 };
    },
    one(/^secrets\.pii\.reencryption\.workers: found 65; expected/),
  ],
];

/** How consumers connect: which poolers, and what those can do. */
import { type Mistake, one } from './document.ts';

const poolers = [{ host: 'pooler.example.com', port: 6432 }];
const ca = { file: 'ca.pem' };

export const connection: readonly Mistake[] = [
  [
    'poolers without saying which kind they are',
    (c) => {
      c.secrets.db.endpoints = poolers;
    },
    one(
      /^secrets\.db\.endpoints: found a list of 1 with connection "direct"; expected connection "pgbouncer" or "rdsProxy", or no endpoints$/,
    ),
  ],
  [
    'a pooler nobody can find',
    (c) => {
      Object.assign(c.secrets.db, { connection: 'pgbouncer', ca });
    },
    one(
      /^secrets\.db\.endpoints: found nothing; connection "pgbouncer" expects host and port of every pooler its consumers connect to$/,
    ),
  ],
  [
    'a pooler of another make',
    (c) => {
      Object.assign(c.secrets.db, { connection: 'pgpool', endpoints: poolers, ca });
    },
    one(/^secrets\.db\.connection: found "pgpool"; expected .*"direct", "pgbouncer", "rdsProxy"/),
  ],
  [
    'an empty list of poolers',
    (c) => {
      Object.assign(c.secrets.db, { connection: 'pgbouncer', endpoints: [], ca });
    },
    one(/^secrets\.db\.endpoints: found a list of 0; expected/),
  ],
  [
    'a pooler without its port',
    (c) => {
      Object.assign(c.secrets.db, {
        connection: 'pgbouncer',
        endpoints: [{ host: 'pooler.example.com' }],
        ca,
      });
    },
    one(/^secrets\.db\.endpoints\.0\.port: found nothing; expected/),
  ],
  [
    'the metadata service for a pooler',
    (c) => {
      Object.assign(c.secrets.db, {
        connection: 'pgbouncer',
        endpoints: [...poolers, { host: '169.254.169.254', port: 80 }],
        ca,
      });
    },
    one(
      /^secrets\.db\.endpoints\.1\.host: found a host that is refused; expected a host name, not an IP address/,
    ),
  ],
  [
    'a pooler on loopback in prod',
    (c) => {
      Object.assign(c.secrets.db, {
        connection: 'pgbouncer',
        endpoints: [{ host: 'localhost', port: 6432 }],
        ca,
      });
    },
    one(/^secrets\.db\.endpoints\.0\.host: found a host that is refused; expected .*for dev$/),
  ],
  [
    'the server itself for a pooler',
    (c) => {
      Object.assign(c.secrets.db, {
        connection: 'pgbouncer',
        endpoints: [{ host: 'SHOP.example.com', port: 5432 }],
        ca,
      });
    },
    one(
      /^secrets\.db\.endpoints\.0: found the server itself; connection "pgbouncer" expects a pooler in front of it/,
    ),
  ],
  [
    'a pooler twice',
    (c) => {
      Object.assign(c.secrets.db, {
        connection: 'pgbouncer',
        endpoints: [...poolers, { host: 'POOLER.example.com', port: 6432 }],
        ca,
      });
    },
    one(
      /^secrets\.db\.endpoints\.1: found "pooler\.example\.com:6432" again; expected every endpoint once$/,
    ),
  ],
  [
    "RDS's authorities for a PgBouncer",
    (c) => {
      Object.assign(c.secrets.legacy, { connection: 'pgbouncer', endpoints: poolers });
    },
    one(
      /^secrets\.legacy\.ca: found "rds" with connection "pgbouncer"; expected \{ file \} or \{ pem \} with the authorities of both, the server's and the pooler's: no PgBouncer holds a certificate of RDS's authorities$/,
    ),
  ],
  [
    'two login roles behind RDS Proxy',
    (c) => {
      Object.assign(c.secrets.db, {
        connection: 'rdsProxy',
        endpoints: [{ host: 'shop.proxy-abc.eu-west-1.rds.amazonaws.com', port: 5432 }],
      });
    },
    one(
      /^secrets\.db\.connection: found "rdsProxy" with scheme "multiUser"; expected scheme "singleUser", or consumers that connect to the server and connection "direct": RDS Proxy serves one role a secret and reads AWSCURRENT only, /,
    ),
  ],
];

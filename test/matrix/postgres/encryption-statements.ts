/** What the encryption room asks of the database: the catalogue, samples of rows, and the job that is closed. */
import type { JobRow } from './cluster.ts';
import type { Answer } from './statements.ts';

/** The ledger's tables are searched for ciphertext, too, one statement each; one text column a table says as much. */
const ledgerColumns: readonly (readonly [table: string, column: string])[] = [
  ['attestation', 'store'],
  ['fence', 'name'],
  ['job', 'secret'],
  ['leaf', 'leaf'],
  ['quarantine', 'reason'],
  ['range', 'leaf'],
  ['range_count', 'column_id'],
  ['seal_count', 'secret'],
];

const candidate = (schema: string, table: string, column: string, readable: boolean) => ({
  ...{ schema, table, column, type: 'text', rows: 0, readable },
});

const ofTheSecret = (secret: unknown) => (job: JobRow) =>
  job.secret === secret && job.state === 'active';

export const encryptionStatements: readonly (readonly [RegExp, Answer])[] = [
  [/^set transaction read only$/, () => []],
  [/^set local row_security = off$/, () => []],
  [
    /^select c\.relkind::text as kind, t\.typname::text as type,/,
    () => [
      {
        kind: 'r',
        type: 'text',
        limit: null,
        generated: false,
        readable: true,
        hidden: false,
        primary_key: ['id'],
      },
    ],
  ],
  [
    /^select a\.attname::text as name, t\.typname::text as type,/,
    (_session, _match, [, columns]) =>
      (columns as string[]).map((name) => ({ name, type: 'text', limit: null })),
  ],
  [
    /^select exists \(select from "public"\."notes" as t where .* as there$/,
    ({ state }) => [{ there: state.notes.size > 0 }],
  ],
  [
    /^select t?\.?"?body"?::text as value, array\[.*\]::text\[\] as key from "public"\."notes" as t where/,
    ({ state }) => [...state.notes].map(([id, value]) => ({ value, key: [id] })),
  ],
  [
    /^select n\.nspname::text as schema, c\.relname::text as table, a\.attname::text as column,/,
    () => [
      candidate('public', 'notes', 'body', true),
      candidate('public', 'patients', 'tenant', false),
      candidate('public', 'patients', 'name', false),
      ...ledgerColumns.map(([table, column]) => candidate('quarterturn', table, column, true)),
    ],
  ],
  [
    /^select array\[(.*)\] as hits, array\[(.*)\]::text\[\] as tokens from \(select (.+) from "quarterturn"\."(\w+)" limit/,
    (_session, [, , , names = '']) => {
      const columns = names.split(', ').length;
      return [{ hits: Array(columns).fill(false), tokens: Array(2 * columns).fill(null) }];
    },
  ],
  [/^select to_regclass\('quarterturn\.job'\) is not null as made$/, () => [{ made: true }]],
  [
    /^select id::text, secret, target_kid as "targetKid",.* from quarterturn\.job where secret = \$1 order by job\.epoch desc limit 1$/,
    ({ state }) => state.jobs.slice(-1),
  ],
  [
    /^update quarterturn\.job set state = 'closed', closed_because = \$2 where secret = \$1 and state = 'active' returning/,
    (session, _match, [secret, because]) => {
      const isOurs = ofTheSecret(secret);
      const closed = session.state.jobs.filter(isOurs);
      const jobs = session.state.jobs.map((job) =>
        isOurs(job) ? { ...job, state: 'closed', closedBecause: because } : job,
      );
      if (closed.length > 0) {
        session.write({ ...session.state, jobs });
      }
      return closed.map((job) => ({ ...job, state: 'closed' }));
    },
  ],
];

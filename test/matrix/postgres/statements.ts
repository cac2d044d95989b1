/** The statements that the rotation rooms send, and what a PostgreSQL 18 answers to each. */
import type { Role } from './cluster.ts';
import { databaseError } from './cluster.ts';
import type { ModelSession } from './model.ts';

type Values = readonly unknown[];
export type Row = Record<string, unknown>;
type Answer = (session: ModelSession, match: RegExpExecArray, values: Values) => Row[];

function roleNamed(session: ModelSession, name: string): Role {
  const role = session.state.roles.get(name);
  if (role === undefined) {
    throw databaseError('42704', `role "${name}" does not exist`);
  }
  return role;
}

/** CREATEROLE and ADMIN OPTION on the role (PostgreSQL 16, ALTER ROLE); its own password a role may always change. */
function alter(session: ModelSession, name: string, change: Partial<Role>): Row[] {
  const role = roleNamed(session, name);
  const by = session.role;
  const isOwn = by.name === name && Object.keys(change).join() === 'verifier';
  const mayAdminister = by.createRole && role.administeredBy.includes(by.name);
  if (!by.superuser && !isOwn && !mayAdminister) {
    throw databaseError('42501', 'permission denied to alter role');
  }
  const roles = new Map(session.state.roles).set(name, { ...role, ...change });
  session.write({ ...session.state, roles });
  return [];
}

const unquoted = (name = '') => name.replace(/^"|"$/g, '').replaceAll('""', '"');
const identifier = '("(?:[^"]|"")+"|[a-z_][a-z0-9_]*)';
const named = (session: ModelSession, name: unknown) => session.state.roles.get(String(name));

const verifierForm = /^SCRAM-SHA-256\$\d+:[^$]+\$[^:]+:.+$/;

function passwordChange(text: string): Partial<Role> {
  // The server takes anything else for the password itself: nobody here sends such a thing.
  if (!verifierForm.test(text)) {
    throw databaseError('XX000', 'the model keeps verifiers only');
  }
  return { verifier: text };
}

const answers: readonly (readonly [RegExp, Answer])[] = [
  [/^select 1$/, () => [{ '?column?': 1 }]],
  [/^select pg_catalog\.pg_is_in_recovery\(\) as standby$/, () => [{ standby: false }]],
  [/^select current_setting\('server_version_num'\)::int as version$/, () => [{ version: 180004 }]],
  [
    /^select pg_catalog\.pg_advisory_lock\(\$1::bigint\)$/,
    (session, _match, [id]) => {
      session.cluster.lock(String(id), session);
      return [{ pg_advisory_lock: '' }];
    },
  ],
  [
    /^select pg_catalog\.pg_advisory_unlock\(\$1::bigint\)$/,
    (session, _match, [id]) => {
      session.cluster.unlock(String(id), session);
      return [{ pg_advisory_unlock: true }];
    },
  ],
  [
    /^select format\('%I', rolname\) as quoted from pg_catalog\.pg_roles where rolname = \$1$/,
    (session, _match, [name]) => {
      const role = named(session, name);
      return role === undefined ? [] : [{ quoted: role.name }];
    },
  ],
  [
    /^with recursive membership\(roleid\) as/,
    (session, _match, [name]) => {
      const role = named(session, name);
      return role === undefined
        ? []
        : [
            {
              superuser: role.superuser,
              create_role: role.createRole,
              replication: false,
              bypass: false,
              can_login: role.canLogin,
              valid_until: role.validUntil === 'infinity' ? null : role.validUntil,
              connection_limit: role.connectionLimit,
              member_of: [...role.memberOf].sort(),
              member_of_superuser: role.memberOf.some((of) => named(session, of)?.superuser),
            },
          ];
    },
  ],
  [/^select pg_catalog\.set_config\(setting, value, true\) from \(values/, () => []],
  [/^select pg_catalog\.set_config\('lock_timeout', \$1, false\)$/, () => [{ set_config: '1s' }]],
  [/^RESET lock_timeout$/, () => []],
  [
    new RegExp(`^ALTER ROLE ${identifier}( LOGIN| NOLOGIN|) PASSWORD '([^']+)'$`),
    (session, [, name, login, verifier = '']) =>
      alter(session, unquoted(name), {
        ...passwordChange(verifier),
        ...(login && { canLogin: login === ' LOGIN' }),
      }),
  ],
  [
    new RegExp(`^ALTER ROLE ${identifier} NOLOGIN$`),
    (session, [, name]) => alter(session, unquoted(name), { canLogin: false }),
  ],
  [
    /^select pid, pg_catalog\.pg_terminate_backend\(pid\) as signalled from pg_catalog\.pg_stat_activity where usename = \$1/,
    () => [],
  ],
  [
    /^select database = pg_catalog\.current_database\(\) as here, format\('ROLLBACK PREPARED/,
    () => [],
  ],
  [
    /^select extract\(epoch from pg_catalog\.current_setting\('authentication_timeout'\)/,
    () => [{ seconds: 1 }],
  ],
  [
    /^select d\.datname::text as database, unnest\(s\.setconfig\) as setting/,
    (session, _match, [name]) =>
      (named(session, name)?.settings ?? []).map(([database, setting]) => ({ database, setting })),
  ],
  [
    /^select session_user::text as login, current_user::text as identity$/,
    (session) => {
      const own = roleNamed(session, session.role.name);
      const becomes = own.settings.find(([, setting]) => setting.startsWith('role='))?.[1];
      return [{ login: own.name, identity: becomes?.slice('role='.length) ?? own.name }];
    },
  ],
  [
    /^select true as found, pg_catalog\.row_security_active\(c\.oid\) as active,/,
    () => [{ found: true, active: true, expected: true, readable: true, identity_readable: true }],
  ],
];

const byText = new Map<string, { answer: Answer; match: RegExpExecArray }>();

/** @throws Error for a statement nobody has told the model about */
export function answerTo(
  session: ModelSession,
  text: string,
  values: Values,
  more: readonly (readonly [RegExp, Answer])[] = [],
): Row[] {
  let found = byText.get(text);
  if (found === undefined) {
    const plain = text.replaceAll(/\s+/g, ' ').trim();
    for (const [pattern, answer] of [...answers, ...more]) {
      const match = pattern.exec(plain);
      if (match !== null) {
        found = { answer, match };
        break;
      }
    }
    if (found === undefined) {
      throw new Error(`the model of PostgreSQL does not know: ${plain.slice(0, 300)}`);
    }
    byText.set(text, found);
  }
  return found.answer(session, found.match, values);
}

export type { Answer };

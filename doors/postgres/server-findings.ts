/** What the server itself says about the rotations to come: version, standby, md5, room for connections. */
import type { BootstrapPlan } from './bootstrap.ts';
import type { BootstrapFinding, Findings } from './bootstrap-findings.ts';
import type { Session } from './door.ts';

/** SCRAM-SHA-256 came with 10; what lies beyond what is tested may differ in the rules for roles. */
const oldestWithScram = 100000;
const supported = { from: 130000, below: 190000 };

interface ServerFacts extends Record<string, unknown> {
  standby: boolean;
  encryption: string;
  maximum: number;
  reserved: number;
  used: number;
  verifiers_readable: boolean;
}

export async function serverFindings(
  session: Session,
  plan: BootstrapPlan,
  version: number,
): Promise<Findings> {
  const [facts] = await session.query<ServerFacts>(
    `select pg_catalog.pg_is_in_recovery() as standby,
            pg_catalog.current_setting('password_encryption') as encryption,
            pg_catalog.current_setting('max_connections')::int as maximum,
            pg_catalog.current_setting('superuser_reserved_connections')::int
              + coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0) as reserved,
            (select count(*)::int from pg_catalog.pg_stat_activity where usesysid is not null) as used,
            pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'select') as verifiers_readable`,
  );
  if (facts === undefined) {
    return { findings: [], unchecked: ['the server itself: it answered nothing'] };
  }
  const findings: BootstrapFinding[] = [];
  const add = (level: BootstrapFinding['level'], code: string, message: string) =>
    findings.push({ level, code, message });
  if (version < oldestWithScram) {
    add('blocks', 'SERVER_WITHOUT_SCRAM', `The server is version ${version}; SCRAM came with 10.`);
  } else if (version < supported.from || version >= supported.below) {
    add(
      'warns',
      'SERVER_VERSION_UNTESTED',
      `The server is version ${version}; 13 to 18 are expected, 15 and 18 are tested.`,
    );
  }
  if (facts.standby) {
    add('blocks', 'SERVER_IS_STANDBY', 'The host is a standby; expected the writer endpoint.');
  }
  const application = plan.identity ?? plan.roles[0] ?? '';
  const sessions = await sessionsOf(session, application);
  findings.push(...headroom(plan, application, sessions, facts));
  const md5 = facts.verifiers_readable ? await storedAsMd5(session, application) : undefined;
  if (md5 === true || facts.encryption === 'md5') {
    add(
      'warns',
      'ROLE_STORED_AS_MD5',
      `${md5 === true ? `The password of ${application} is stored as md5` : 'password_encryption is md5'}: a rotation stores SCRAM-SHA-256, which drivers that only know md5 cannot use. Check the consumers' drivers.`,
    );
  }
  const unchecked = [
    'whether pg_hba.conf, or a security group, admits the login roles from where the consumers run: only a login from there says so',
  ];
  if (md5 === undefined) {
    unchecked.push(
      `whether the password of ${application} is stored as md5: pg_authid may be read by superusers only`,
    );
  }
  return { findings, unchecked };
}

/** While consumers are restarted one after another, the old pool and the new one are open together. */
function headroom(
  { scheme }: BootstrapPlan,
  application: string,
  { sessions, limit }: { sessions: number; limit: number },
  { maximum, reserved, used }: ServerFacts,
): BootstrapFinding[] {
  const findings: BootstrapFinding[] = [];
  const free = maximum - reserved - used;
  if (sessions > free) {
    findings.push({
      code: 'SERVER_WITHOUT_HEADROOM',
      level: 'warns',
      message: `${application} has ${sessions} sessions and ${free} connections are free (max_connections ${maximum}): old and new pool together do not fit while consumers restart. Raise max_connections, or make the pools smaller.`,
    });
  }
  if (scheme === 'singleUser' && limit >= 0 && 2 * sessions > limit) {
    findings.push({
      code: 'ROLE_LIMIT_TOO_LOW',
      level: 'warns',
      message: `${application} has ${sessions} sessions and CONNECTION LIMIT ${limit}: old and new pool together do not fit. Raise the limit to ${2 * sessions} at least.`,
    });
  }
  return findings;
}

async function sessionsOf(
  session: Session,
  role: string,
): Promise<{ sessions: number; limit: number }> {
  const [row] = await session.query<{ sessions: number; limit: number }>(
    `select (select count(*)::int from pg_catalog.pg_stat_activity where usesysid = r.oid) as sessions,
            r.rolconnlimit as limit
       from pg_catalog.pg_roles r where r.rolname = $1`,
    [role],
  );
  return row ?? { sessions: 0, limit: -1 };
}

async function storedAsMd5(session: Session, role: string): Promise<boolean> {
  const [row] = await session.query<{ md5: boolean }>(
    `select coalesce(rolpassword like 'md5%', false) as md5 from pg_catalog.pg_authid where rolname = $1`,
    [role],
  );
  return row?.md5 === true;
}

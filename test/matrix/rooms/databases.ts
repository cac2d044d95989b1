/** The rooms of a PostgreSQL login: at every moment somebody who reads a labelled version can log in. */
import type { DatabaseTools } from '../../../lambdas/database/admin.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { restoreLogin } from '../../../lambdas/database/restore-login.ts';
import type { DatabaseSettings } from '../../../lambdas/database/settings.ts';
import { undisturbed } from '../../../lambdas/database/undisturbed.ts';
import type { DatabaseValue } from '../../../lambdas/database/value.ts';
import { adminArn } from '../../lambdas/database/pharmacy.ts';
import { opens } from '../postgres/cluster.ts';
import { companionArn, functionOf, type Room, recordCompromised, secretName } from '../room.ts';
import type { Stand } from '../stand.ts';
import { admin, identity, legacy, pharmacyServer } from './server.ts';

const shared = {
  HOST: 'localhost',
  PORT: 5432,
  DBNAME: 'pharmacy',
  MAINTENANCE_DATABASE: 'postgres',
  ADMIN_SECRET_ARN: adminArn,
};

export const settingsOf: Record<DatabaseSettings['SCHEME'], DatabaseSettings> = {
  multiUser: {
    ...shared,
    SCHEME: 'multiUser',
    ROLES: [`${identity}_a`, `${identity}_b`],
    IDENTITY: identity,
    DATABASE_URL: 'true',
    VERIFY_TABLES: ['public.patients'],
  },
  singleUser: {
    ...shared,
    SCHEME: 'singleUser',
    ROLES: [legacy],
    IDENTITY: undefined,
    DATABASE_URL: 'false',
    VERIFY_TABLES: undefined,
  },
};

interface Credential {
  readonly username: string;
  readonly password: string;
}

const parsed = new Map<string, Credential | undefined>();

export function credentialIn(text: string | undefined): Credential | undefined {
  if (text === undefined) {
    return undefined;
  }
  if (!parsed.has(text)) {
    parsed.set(text, text.includes('"username"') ? JSON.parse(text) : undefined);
  }
  return parsed.get(text);
}

export function logsIn({ cluster }: Stand, credential: Credential | undefined): boolean {
  const role = cluster.state.roles.get(credential?.username ?? '');
  return (
    credential !== undefined &&
    role?.verifier != null &&
    role.canLogin &&
    opens(role.verifier, credential.password)
  );
}

/** Somebody shuts the role out on purpose, or a person took the label off by hand. */
export interface Excused {
  shutOut: boolean;
  byHand: boolean;
}
export const excused = new WeakMap<Stand, Excused>();

/** I2 and I7. */
function loginsHold(stand: Stand, scheme: 'multiUser' | 'singleUser'): () => string | undefined {
  const own: ReadonlySet<string> = new Set(settingsOf[scheme].ROLES);
  const before = stand.cluster.state.roles;
  const hadValue = credentialIn(stand.current()) !== undefined;
  return () => {
    for (const [name, role] of stand.cluster.state.roles) {
      if (!own.has(name) && role !== before.get(name)) {
        return `I7: role ${name} was changed`;
      }
    }
    const current = credentialIn(stand.current());
    const { shutOut = false, byHand = false } = excused.get(stand) ?? {};
    if (!hadValue || current === undefined || byHand) {
      return undefined;
    }
    if (scheme === 'multiUser') {
      return logsIn(stand, current) ? undefined : 'I2: AWSCURRENT does not log in';
    }
    const role = stand.cluster.state.roles.get(current.username);
    const holdsIt = ({ versionId }: { versionId: string }) => {
      const credential = credentialIn(stand.text(versionId));
      return credential !== undefined && opens(role?.verifier ?? '', credential.password);
    };
    const versions = [...stand.secret.state.versions.values()];
    if (versions.some((version) => version.labels.size > 0 && holdsIt(version))) return undefined;
    // An emergency closes the role first, and throws its verifier away.
    if (shutOut && role?.canLogin === false) return undefined;
    // The server itself has said that it is not its password: then nobody can know better.
    const isRefused = versions.some((version) => {
      const credential = credentialIn(stand.text(version.versionId));
      return holdsIt(version) && credential !== undefined && stand.postgres.refuses(credential);
    });
    return isRefused ? undefined : 'I2: no labelled version holds the password the server accepts';
  };
}

export function databaseRoom(
  scheme: 'multiUser' | 'singleUser',
  at: Partial<Pick<DatabaseSettings, 'PORT'>> & { ca?: string; admin?: Credential } = {},
): Room {
  const { ca = 'no authority', admin: rotator = admin, ...place } = at;
  const settings = { ...settingsOf[scheme], ...place };
  return {
    name: `database-${scheme === 'multiUser' ? 'multi' : 'single'}-user`,
    scenarios: ['firstValue', 'planned', 'rollback', 'emergency'],
    manifest: {
      ...{ kind: 'database', key: 'secret', name: secretName, function: 'fn-secret' },
      ...{ origin: 'new', armed: true, cadenceDays: 90, leadDays: 5, readerCacheSeconds: 300 },
      ...{ scheme, host: 'localhost', port: settings.PORT, dbname: 'pharmacy', admin: 'admin' },
      roles: [...settings.ROLES],
    },
    rule: { ScheduleExpression: 'rate(89 days)', Duration: '4h' },
    companions: { admin: JSON.stringify(rotator) },
    escrow: false,
    server: pharmacyServer,
    handler: functionOf<DatabaseValue>(({ stand }) => {
      const tools: DatabaseTools = {
        settings,
        door: stand.postgres,
        ca,
        sleep: async () => undefined,
      };
      return {
        strategy: new DatabaseStrategy(tools),
        companions: { admin: companionArn(stand, 'admin') },
        undisturbed: (value, companion, work) => undisturbed(tools, value, companion, work),
        operations: { restoreLogin: (input, given) => restoreLogin(input, given, tools) },
      };
    }),
    async prepare(stand, scenario) {
      if (scenario === 'firstValue') {
        return;
      }
      // From the third rotation on no value names the identity: every later one passes the same calls.
      for (let rotation = 0; rotation < 4; rotation++) {
        await stand.begin({ intent: 'planned' });
        await stand.settle();
        await stand.followUp();
      }
      if (scenario === 'emergency') {
        await recordCompromised(stand);
      }
    },
    watch: (stand) => loginsHold(stand, scheme),
    async atTheEnd(stand) {
      const current = credentialIn(stand.current());
      if (!logsIn(stand, current)) {
        return 'I3: AWSCURRENT does not log in';
      }
      return stand.cluster.lockedBySomebody ? 'a lock is left' : undefined;
    },
  };
}

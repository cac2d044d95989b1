/** Rooms whose values are keysets: a key that a token or a row may need is in every AWSCURRENT. */
import { scopeOf } from '../../../domain/policy/counted-scope.ts';
import type { DeclaredColumn } from '../../../doors/declared-columns.ts';
import type { Endpoint } from '../../../doors/postgres/door.ts';
import { EncryptionStrategy } from '../../../lambdas/encryption/encryption-strategy.ts';
import { JwtStrategy } from '../../../lambdas/jwt/jwt-strategy.ts';
import { signingSecret } from '../../lambdas/pharmacy.ts';
import {
  companionArn,
  functionOf,
  type Room,
  recordCompromised,
  type Scenario,
  secretName,
} from '../room.ts';
import type { Stand } from '../stand.ts';
import { identity, identityPassword, noServer, pharmacyServer } from './server.ts';

interface Entry {
  readonly kid: string;
  readonly state: string;
  readonly k?: string;
}

const parsed = new Map<string, readonly Entry[]>();

export function keysIn(text: string | undefined): readonly Entry[] {
  if (text === undefined || !text.includes('"keyset"')) {
    return [];
  }
  const known = parsed.get(text) ?? (JSON.parse(text).keyset.keys as readonly Entry[]);
  parsed.set(text, known);
  return known;
}

/** Zero rows are proven to be under it. */
const unused = (stand: Stand, kid: string) => stand.items.items.has(`zero#${secretName}\n${kid}`);
const compromised = (stand: Stand, kid: string) =>
  stand.items.items.has(`compromised#${secretName}\n${kid}`);

/**
 * I5: whatever AWSCURRENT has held stays in it, byte for byte. Only jwt revokes, and only what leaked; only encryption
 * prunes, and only what no row is under.
 */
function keysAreKept(stand: Stand, mayRevoke: boolean): () => string | undefined {
  const alive = new Map<string, string>();
  let looked: string | undefined;
  return () => {
    const text = stand.current();
    if (text === looked) {
      return undefined;
    }
    looked = text;
    const keys = new Map(keysIn(text).map((entry) => [entry.kid, entry]));
    for (const [kid, k] of alive) {
      const isRevoked = mayRevoke && keys.get(kid)?.state === 'revoked' && compromised(stand, kid);
      const isPruned = keys.get(kid)?.state === 'pruned' && unused(stand, kid);
      if (keys.get(kid)?.k !== k && !isRevoked && !isPruned) {
        return `I5: key ${kid} is ${keys.get(kid)?.state ?? 'gone'} in AWSCURRENT`;
      }
    }
    const primaries = [...keys.values()].filter(({ state }) => state === 'primary');
    if (keys.size > 0 && primaries.length !== 1) {
      return `I5: ${primaries.length} primary keys`;
    }
    for (const { kid, k } of keys.values()) {
      if (k !== undefined) alive.set(kid, k);
    }
    return undefined;
  };
}

async function prepare(stand: Stand, scenario: Scenario): Promise<void> {
  const at = stand.clock.now().toISOString();
  const versionId = stand.labels().AWSCURRENT ?? '';
  await stand.control.putAdoption(secretName, { at, by: 'test', materialSince: at, versionId });
  if (scenario === 'firstValue') {
    return;
  }
  const planned = async () => {
    await stand.begin({ intent: 'planned' });
    await stand.settle();
  };
  await planned();
  await stand.followUp();
  await planned();
  if (scenario === 'planned' || scenario === 'rollback') {
    await stand.followUp();
  }
  if (scenario === 'emergency') {
    await recordCompromised(stand);
  }
}

async function primaryWorks(stand: Stand): Promise<string | undefined> {
  const primary = keysIn(stand.current()).find(({ state }) => state === 'primary');
  if (primary?.k === undefined) {
    return 'AWSCURRENT has no primary key';
  }
  return compromised(stand, primary.kid) ? `primary key ${primary.kid} is compromised` : undefined;
}

const rule = { ScheduleExpression: 'rate(89 days)', Duration: '4h' };
const scenarios = ['firstValue', 'planned', 'activate', 'rollback', 'emergency'] as const;

export const jwtRoom: Room = {
  name: 'jwt',
  scenarios,
  manifest: { ...signingSecret('secret'), name: secretName },
  rule,
  companions: {},
  escrow: false,
  server: noServer,
  handler: functionOf(() => ({
    // As an adopted secret's, so that its adoption is asked for.
    kmsKeyArn: 'arn:aws:kms:eu-west-1:000000000000:key/of-its-owners',
    strategy: new JwtStrategy({
      field: 'JWT_SECRET',
      bits: 512,
      encoding: 'base64',
      acceptForSeconds: 30 * 86_400,
    }),
    companions: {},
  })),
  prepare,
  watch: (stand) => keysAreKept(stand, true),
  atTheEnd: primaryWorks,
};

export const declaredColumns: DeclaredColumn[] = [
  { id: 'notes.body', table: 'public.notes', column: 'body', format: 'qt1', profile: 'column' },
];

/** Every row is under the primary key, counted and proven, in the control table and in the ledger alike. */
async function provenZero(stand: Stand, endpoint: Endpoint): Promise<void> {
  const versionId = stand.labels().AWSCURRENT ?? '';
  const keys = keysIn(stand.current());
  const targetKid = keys.find(({ state }) => state === 'primary')?.kid ?? '';
  const at = stand.clock.now().toISOString();
  const epoch = String(stand.cluster.state.jobs.length + 1);
  const scope = scopeOf({ columns: declaredColumns, stores: [], endpoint });
  const job = { targetKid, versionId, epoch, verifiedAt: at, mode: 'online' as const };
  await stand.control.updateReencryption(secretName, () => ({
    ...{ ...job, state: 'verified' as const, findings: [], at, scope },
  }));
  const before = await stand.control.getZeroProofs(secretName);
  for (const { kid } of keys.filter(({ state }) => state !== 'primary')) {
    const firstProvenAt = before.get(kid)?.firstProvenAt ?? at;
    const proof = { kid, targetKid, epoch, firstProvenAt, lastProvenAt: at, scope };
    await stand.control.putZeroProof(secretName, proof);
  }
  const row = { ...job, id: epoch, secret: secretName, state: 'verified' };
  const { jobs } = stand.cluster.state;
  stand.cluster.commit({ ...stand.cluster.state, jobs: [...jobs, row] });
}

/** Two generations on, a month later: the next planned rotation prunes the first key and disables the second. */
async function keysMayLeave(stand: Stand, endpoint: Endpoint): Promise<void> {
  // A proof from the second in which a key was last used says nothing.
  await stand.pass(86_400_000);
  await provenZero(stand, endpoint);
  await stand.begin({ intent: 'planned' });
  await stand.settle();
  await stand.followUp();
  await stand.pass(31 * 86_400_000);
  await provenZero(stand, endpoint);
}

/** A job that rewrites rows toward the primary key is under way when it is taken back, or leaks. */
async function rowsUnderWay(stand: Stand): Promise<void> {
  const versionId = stand.labels().AWSCURRENT ?? '';
  const kid = keysIn(stand.current()).find(({ state }) => state === 'primary')?.kid ?? '';
  const at = stand.clock.now().toISOString();
  await stand.control.updateReencryption(secretName, () => ({
    ...{ state: 'active' as const, mode: 'online' as const, targetKid: kid, versionId },
    ...{ findings: [], at },
  }));
  const job = {
    ...{ id: '1', secret: secretName, targetKid: kid, keysetVersion: versionId, epoch: '1' },
    ...{ mode: 'online', state: 'active', paused: false, pass: 1, passKind: 'rewrite' },
    ...{ createdAt: at, verifiedAt: null },
  };
  stand.cluster.commit({ ...stand.cluster.state, jobs: [job] });
}

/** Nothing is promoted over a job that goes on, unless it is an emergency and says so. */
async function jobIsClosed(stand: Stand, scenario: Scenario): Promise<string | undefined> {
  const isActive = stand.cluster.state.jobs.some(({ state }) => state === 'active');
  if (!isActive || (scenario !== 'rollback' && scenario !== 'emergency')) {
    return undefined;
  }
  const rotations = await stand.control.getRotations(secretName);
  const facts = rotations.flatMap(({ evidence }) => evidence.map(({ fact }) => fact));
  return facts.includes('reencryptionNotClosed') ? undefined : 'the job toward the old key goes on';
}

async function inEscrow(stand: Stand): Promise<string | undefined> {
  const versionId = stand.labels().AWSCURRENT ?? '';
  const document = stand.escrow.documents.get(versionId);
  const copy = document === undefined ? undefined : JSON.parse(document).secretString;
  if (copy !== stand.current()) {
    return 'AWSCURRENT is not in escrow as it is';
  }
  const record = await stand.control.getRotation(secretName, versionId);
  const facts = record?.evidence.filter(({ fact }) => fact === 'escrowed') ?? [];
  return facts.length === 1 ? undefined : `${facts.length} facts say that it is in escrow`;
}

export function encryptionRoom(endpoint: Endpoint): Room {
  const login = JSON.stringify({ username: identity, password: identityPassword });
  return {
    name: 'encryption',
    scenarios,
    manifest: {
      ...signingSecret('secret'),
      ...{ kind: 'encryption', name: secretName, columns: [] },
      reencryption: {
        ...{ function: 'fn-rows', login: 'db', mode: 'online', workers: 1, stores: [] },
      },
    } as unknown as Room['manifest'],
    rule,
    companions: { database: login, rows: login },
    escrow: true,
    server: pharmacyServer,
    handler: functionOf(({ stand }) => ({
      strategy: new EncryptionStrategy(
        { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' },
        {
          columns: declaredColumns,
          door: stand.postgres,
          endpoint,
          rows: { retentionDays: 0, stores: [] },
        },
      ),
      companions: {
        database: companionArn(stand, 'database'),
        rows: companionArn(stand, 'rows'),
      },
      rowsFollow: true,
    })),
    async prepare(stand, scenario) {
      await prepare(stand, scenario);
      if (scenario === 'planned') {
        await keysMayLeave(stand, endpoint);
      }
      if (scenario === 'rollback' || scenario === 'emergency') {
        await rowsUnderWay(stand);
      }
    },
    watch: (stand) => keysAreKept(stand, false),
    async atTheEnd(stand, scenario) {
      return (
        (await primaryWorks(stand)) ??
        (await inEscrow(stand)) ??
        (await jobIsClosed(stand, scenario))
      );
    },
  };
}

/** The rows follow their key through the deployed artefacts: AfterRotation, the machine, its function, the cadence. */
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seedDatabase } from '../../demo/data/seed.ts';
import { countRows } from '../../demo/database-proof.ts';
import { auditLogGroupName } from '../../domain/config/names.ts';
import type { RotationConfig } from '../../domain/config/rotation-config.ts';
import type { ReencryptionAuditEvent } from '../../domain/events/audit-event.ts';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start(undefined, 'following', asDeclared);
  const { operator, application, data, asSuperuser } = world.stage;
  for (const key of ['db', 'rowsDb', 'pii']) await operator.rotate(key);
  const { statements } = await operator.planRows('pii');
  const cipher = await application.cipher();
  await asSuperuser(async (session) => {
    for (const { sql } of statements) await session.query(sql);
    await seedDatabase(session, data, cipher);
  });
}, 120_000);
afterAll(() => world?.stop());

const minutes = (count: number) => count * 60_000;

/** On a laptop readers' caches are seconds, and all of it is over at once; here the execution dies within a wait. */
function asDeclared(local: RotationConfig): RotationConfig {
  const { pii } = local.secrets;
  if (pii?.kind !== 'encryption') throw new Error('pii is no encryption key');
  return { ...local, secrets: { ...local.secrets, pii: { ...pii, readerCache: '5m' } } };
}

// In `npm test` the machine runs over a real database in test/lambdas/reencryption/tasks, and the deployed artefacts
// in test/integration/reencrypt-commands and test/demo.
const inFull = process.env.PROOF === 'full' ? test : test.skip;

inFull(
  'every row moves to the new key, the execution dies on the way, the cadence starts another, and it is proven',
  async () => {
    const { operator, application, sandbox, sealedPlaces, asSuperuser } = world.stage;
    const primary = async () => primaryOf(await application.keyset('pii')).kid;
    const before = await primary();
    await world.later(minutes(1));
    await operator.ask('pii');
    // Published and, a cache later, activated; after another one rewritten and swept; for a third, writers are waited for.
    const cache = operator.secret('pii').readerCacheSeconds * 1_000;
    await sandbox.clock.settle(2 * cache + minutes(2));
    const kid = await primary();
    expect(kid).not.toBe(before);
    const counted = await asSuperuser((session) => countRows(session, sealedPlaces, kid));
    expect(counted.flatMap(({ others }) => others.filter(({ rows }) => rows > 0))).toEqual([]);
    const active = await operator.reencryption('pii');
    expect(active).toMatchObject({ state: 'active', targetKid: kid, pass: { kind: 'sweep' } });
    expect(await operator.askFirst('pii')).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'ERR_ROTATION_REENCRYPTION_ACTIVE' },
    });

    await stopExecution(active?.execution ?? '');
    await sandbox.clock.advanceTo(new Date(sandbox.clock.now().getTime() + minutes(90)));
    await sandbox.clock.settle(minutes(60));
    const verified = await operator.reencryption('pii');
    expect(verified).toMatchObject({
      state: 'verified',
      targetKid: kid,
      jobId: active?.jobId,
      findings: [],
    });
    expect(verified?.execution).not.toBe(active?.execution);
    expect((await operator.reencryptionStatus('pii')).job).toMatchObject({
      state: 'verified',
      epoch: '1',
      passKind: 'count',
    });
    expect(eventsOf(world)).toMatchObject([
      { outcome: 'verified', targetKid: kid, job: { id: active?.jobId }, findings: [] },
    ]);
    for (const { rewritten, opened, remaining } of eventsOf(world)[0]?.columns ?? []) {
      expect({ rewritten, remaining }).toEqual({ rewritten: opened, remaining: 0 });
    }
    const asked = await operator.askFirst('pii');
    expect(asked.outcome === 'refused' ? asked.refusal : asked.outcome).toBe('started');
  },
);

function eventsOf({ stage }: World): ReencryptionAuditEvent[] {
  return stage.sandbox
    .linesOf(auditLogGroupName(stage.operator.manifest))
    .map((line) => JSON.parse(line) as { detail: ReencryptionAuditEvent })
    .map(({ detail }) => detail)
    .filter(({ type }) => type === 'credential-reencryption');
}

/** As somebody may who has the right to; the product never does. */
async function stopExecution(executionArn: string): Promise<void> {
  const credentials = world.stage.sandbox.createPrincipal('meddler', {
    policies: [
      {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['states:StopExecution'], Resource: ['*'] }],
      },
    ],
  });
  const client = new SFNClient(world.accessOf(credentials));
  await client.send(new StopExecutionCommand({ executionArn }));
}

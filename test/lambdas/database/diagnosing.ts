/** What doctor sees of a database and its poolers, and how a rotation is given up beside a setSecret on its way. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { pinLabel } from '../../../domain/config/names.ts';
import { type Diagnosis, diagnosisSchema } from '../../../domain/events/diagnosis.ts';
import { diagnosisOf } from '../../../domain/policy/diagnosis.ts';
import { withRoleLock } from '../../../doors/postgres/role-operations.ts';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import type { DatabaseTools } from '../../../lambdas/database/admin.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { databaseExaminer } from '../../../lambdas/database/diagnose.ts';
import { undisturbed } from '../../../lambdas/database/undisturbed.ts';
import type { DatabaseValue } from '../../../lambdas/database/value.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';
import type { Pharmacy } from './pharmacy.ts';
import type { Pooler } from './pooler.ts';

const role = 'pharmacy_legacy';

export function diagnosing(
  thePharmacy: () => Pharmacy,
  thePoolers: () => Pooler[],
  behind: (more?: Partial<DatabaseTools>) => DatabaseTools,
): void {
  let world: RotationWorld<DatabaseValue>;
  afterEach(async () => {
    world?.stop();
    const { legacyPassword, sql } = thePharmacy();
    await sql(`alter role ${role} login password '${scramVerifier(legacyPassword)}'`);
    await sql('alter role rotator login createrole');
  });

  async function start(tools = behind()): Promise<void> {
    const pharmacy = thePharmacy();
    world = await RotationWorld.start<DatabaseValue>({
      initial: JSON.stringify({
        ...{ engine: 'postgres', host: 'localhost', username: role },
        password: pharmacy.legacyPassword,
      }),
      control: inMemoryControlTable(),
      companions: { admin: JSON.stringify(pharmacy.admin) },
      room: ({ companions }) => ({
        strategy: new DatabaseStrategy(tools),
        companions: { admin: companions.admin ?? '' },
        examiner: databaseExaminer(tools, { now: () => world.clock.now() }),
        undisturbed: (value, companion, work) => undisturbed(tools, value, companion, work),
      }),
    });
    // The service has tried the configuration.
    for (const { logins } of thePoolers()) logins.length = 0;
  }

  const diagnose = async (): Promise<Diagnosis> => {
    const answer = await world.handler({ operation: 'diagnose' });
    for (const label of ['AWSCURRENT', 'AWSPENDING']) {
      const { password } = JSON.parse((await world.text(label)) ?? '{}');
      if (password !== undefined) expect(JSON.stringify(answer)).not.toContain(password);
    }
    return diagnosisSchema.parse(answer);
  };
  const attemptsAt = ({ versions }: Diagnosis, label: string) =>
    versions
      .find(({ labels }) => labels.includes(label))
      ?.attempts?.map(({ answer, pooled, problem }) => [
        answer,
        ...(pooled ? ['pooled'] : []),
        ...(problem ? [problem.sqlstate ?? problem.reason ?? problem.code] : []),
      ]);
  const judged = (diagnosis: Diagnosis, stuck = false) =>
    diagnosisOf(
      {
        kind: 'database',
        rotationEnabled: true,
        ...diagnosis,
        ...(stuck && {
          pending: {
            intent: 'planned',
            recorded: true,
            basedOn: diagnosis.versions.find(({ labels }) => labels.includes('AWSCURRENT'))
              ?.versionId,
            since: world.clock.now().toISOString(),
            stuck: true,
            steps: ['createSecret', 'setSecret'],
          },
        }),
      },
      pinLabel,
    ).findings.filter(({ level }) => level === 'blocks');

  describe('doctor sees', () => {
    test('one login at each endpoint, the roles and their sessions', async () => {
      await start();
      const seen = await diagnose();
      expect(attemptsAt(seen, 'AWSCURRENT')).toEqual([
        ['accepted'],
        ['accepted', 'pooled'],
        ['accepted', 'pooled'],
      ]);
      expect(thePoolers().map(({ logins }) => logins)).toEqual([[role], [role]]);
      expect(seen.target).toMatchObject({
        admin: 'rotator',
        serverVersion: expect.any(Number),
        roles: [{ role, exists: true, canLogin: true, sessions: expect.any(Number) }],
      });
      expect(judged(seen)).toEqual([]);
    });

    test('a pooler that refuses what the server takes (#18); once it reads verifiers, the rotation is resumed', async () => {
      await start();
      const [pooler] = thePoolers();
      pooler?.refused.set(role, 'SASL authentication failed');
      const token = await world.begin({ intent: 'planned' });
      expect((await world.labels()).AWSPENDING).toBe(token);
      const seen = await diagnose();
      expect(attemptsAt(seen, 'AWSCURRENT')).toEqual([['refused', '28P01']]);
      expect(attemptsAt(seen, 'AWSPENDING')).toEqual([
        ['accepted'],
        ['refused', 'pooled', 'ERR_ROTATION_POOLER_REFUSED'],
        ['accepted', 'pooled'],
      ]);
      const [finding] = judged(seen, true);
      expect(finding).toMatchObject({
        code: 'promotedInTarget',
        message: expect.stringContaining(
          `refused by localhost:${pooler?.port}/pharmacy (ERR_ROTATION_POOLER_REFUSED)`,
        ),
        repairs: [{ kind: 'resume', versionId: token }],
      });
      pooler?.refused.clear();
      for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret']) {
        await world.handler({ operation: 'resume', versionId: token, step });
      }
      expect(await world.labels()).toMatchObject({ AWSCURRENT: token });
    });

    test('a pooler in front of AWSCURRENT, by its name', async () => {
      await start();
      thePoolers()[1]?.refused.set(role, 'no such user');
      const findings = judged(await diagnose());
      expect(findings.map(({ code }) => code)).toEqual(['pathRefused']);
      expect(findings[0]?.message).toContain('auth_query');
    });

    test('the reason of TLS, and that nothing is known of the credential', async () => {
      await start(behind({ ca: thePoolers()[0]?.ca ?? '' }));
      const seen = await diagnose();
      expect(attemptsAt(seen, 'AWSCURRENT')).toEqual([
        ['failed', expect.stringMatching(/CERT|SIGNATURE|ISSUER/)],
      ]);
      expect(judged(seen).map(({ code, repairs }) => [code, repairs])).toEqual([
        ['adminCannotLook', undefined],
        ['currentNotTested', undefined],
      ]);
    });

    test.each<[string, string, string]>([
      ['an admin that cannot log in', 'alter role rotator nologin', 'adminCannotLook'],
      [
        'an admin without CREATEROLE',
        'alter role rotator nocreaterole',
        'ADMIN_WITHOUT_CREATEROLE',
      ],
      ['a role that somebody closed', `alter role ${role} nologin`, 'currentTestFailed'],
    ])('%s', async (_what, statement, code) => {
      await start();
      await thePharmacy().sql(statement);
      expect(judged(await diagnose()).map((finding) => finding.code)).toContain(code);
    });
  });

  test('giving up waits for a setSecret on its way, and pins what that has set', async () => {
    await start();
    await thePharmacy().sql('alter role rotator nocreaterole');
    const token = await world.begin({ intent: 'planned' });
    await thePharmacy().sql('alter role rotator createrole');
    expect((await world.labels()).AWSPENDING).toBe(token);
    const { password } = JSON.parse((await world.text('AWSPENDING')) ?? '{}');
    const pharmacy = thePharmacy();
    const { door } = pharmacy.singleUser;
    // Its base is no longer AWSCURRENT, so that nobody would resume it.
    await world.control.updateRotation(world.secretName, token, (it) => ({
      ...it,
      basedOn: 'ffffffff-ffff-4fff-8fff-ffffffffffff',
    }));
    let givenUp: Promise<unknown> | undefined;
    await door.withSession(pharmacy.at('postgres'), pharmacy.admin, (admin) =>
      withRoleLock(admin, role, async () => {
        givenUp = world.handler({ operation: 'abandon', versionId: token, requestedBy: 'on-call' });
        await waitingForLock(pharmacy);
        await pharmacy.sql(`alter role ${role} password '${scramVerifier(password)}'`);
      }),
    );
    expect(await givenUp).toEqual({ outcome: 'pinned' });
    expect(await world.labels()).toMatchObject({ [pinLabel]: token });
  });
}

/** Until somebody stands in line for the lock of a role. */
async function waitingForLock({ sql }: Pharmacy): Promise<void> {
  for (let look = 0; look < 2_000; look++) {
    const [row] = await sql(
      `select count(*)::int as waiting from pg_catalog.pg_locks where locktype = 'advisory' and not granted`,
    );
    if (row?.waiting === 1) return;
  }
  throw new Error('nobody waits for the lock');
}

/** Practised: the same machine looks at everything, and leaves everything as it is. */
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../cli/run-command.ts';
import { personsDeployment } from './emergency-deployment.ts';
import { snapshot } from './emergency-snapshot.ts';
import { type Emergency, type EmergencyStage, statesOf } from './emergency-stage.ts';
import { administrator } from './sinks.ts';

const inFull = process.env.PROOF === 'full' ? test : test.skip;
const rotator = 'quarterturn_rotator';

export function drill(stageOf: () => EmergencyStage): void {
  describe('a drill', () => {
    let stage: EmergencyStage;
    beforeAll(() => {
      stage = stageOf();
    });

    inFull(
      'by command, with the policy of emergencies alone, finds nothing where nothing is wrong',
      async () => {
        const before = await snapshot(stage);
        const { exitCode, said } = await runCommand(personsDeployment(stage), ['drill', '--json']);
        const document = JSON.parse(said);
        expect(
          document.stages
            .flatMap(({ evidence }: Emergency['stages']['stop'] & object) => evidence)
            .filter(({ detail }: { detail?: { ok?: boolean } }) => detail?.ok === false),
        ).toEqual([]);
        expect(document).toMatchObject({ outcome: 'passed', drilled: { findings: 0 } });
        expect(exitCode).toBe(0);
        expect(await snapshot(stage)).toEqual(before);
        expect(await lastDrill(stage)).toMatchObject({ outcome: 'passed', findings: 0 });
      },
      200_000,
    );

    test('finds the right that is missing, the consumer that is not well and the admin’s wrong password, and changes nothing', async () => {
      const mend = await plant(stage);
      const { sandbox } = stage.world.stage;
      const told = sandbox.messages().length;
      const before = await snapshot(stage);
      let practised: Emergency;
      try {
        practised = await stage.run({ secrets: 'all', drill: true });
        expect(await snapshot(stage)).toEqual(before);
      } finally {
        await mend();
      }
      expect(practised).toMatchObject({
        status: 'SUCCEEDED',
        head: { drill: true, state: 'closed' },
      });
      expect(statesOf(practised)).toMatchObject({
        ...{ announce: 'done', contain: 'skipped', stop: 'done', protect: 'done' },
        ...{ start: 'done', settle: 'skipped', accessAudit: 'done', report: 'done', tell: 'done' },
      });
      const bad = [...Object.values(practised.stages), ...Object.values(practised.secrets)]
        .flatMap(({ evidence }) => evidence)
        .filter(({ detail }) => detail?.ok === false);
      const right = { action: 'secretsmanager:RotateSecret', decision: 'explicitDeny' };
      const rotated = stage.world.stage.operator.rotatedSecrets();
      const found = (fact: string) => bad.filter((evidence) => evidence.fact === fact);
      expect(found('rightMissing')).toHaveLength(rotated.length);
      for (const { detail } of found('rightMissing')) expect(detail).toMatchObject(right);
      expect(found('consumerAsked').map(({ detail }) => detail?.consumer)).toEqual(['web']);
      expect(found('adminAnswers').map(({ detail }) => detail?.role)).toEqual(
        rotated.filter(({ kind }) => kind === 'database').map(() => rotator),
      );
      expect(bad).toHaveLength(2 * rotated.length - 2 + 1);

      const report = await stage.report(practised);
      expect(report).toMatchObject({ drill: true, outcome: 'closed' });
      expect(report.title).toContain('DRILL');
      expect(report.problems).toHaveLength(bad.length);
      expect(await lastDrill(stage)).toMatchObject({
        id: practised.head.id,
        outcome: 'findings',
        findings: bad.length,
      });
      const begun = sandbox
        .messages()
        .slice(told)
        .filter(({ subject }) => subject?.includes('EMERGENCY'));
      expect(begun).toEqual([]);
    }, 200_000);
  });
}

/** As on-call sees it. */
async function lastDrill(stage: EmergencyStage): Promise<unknown> {
  const { world } = stage;
  const access = world.accessOf(world.stage.operatorKey);
  const { said } = await runCommand(personsDeployment(stage, undefined, access), [
    'status',
    '--json',
  ]);
  return JSON.parse(said).lastDrill;
}

/** @returns what mends it */
async function plant(stage: EmergencyStage): Promise<() => Promise<void>> {
  const { world, web } = stage;
  const iam = new IAMClient(administrator(world));
  const policy = { RoleName: stage.functionRole, PolicyName: 'planted' };
  const statement = { Effect: 'Deny', Action: 'secretsmanager:RotateSecret', Resource: '*' };
  await iam.send(
    new PutRolePolicyCommand({
      ...policy,
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    }),
  );
  web.answer(() => ({ status: 503 }));
  const verifier = await world.stage.asSuperuser(async (session) => {
    const [row] = await session.query<{ verifier: string }>(
      'SELECT rolpassword AS verifier FROM pg_authid WHERE rolname = $1',
      [rotator],
    );
    await session.query(`ALTER ROLE ${rotator} PASSWORD 'another than its secret says'`);
    return row?.verifier ?? '';
  });
  return async () => {
    await iam.send(new DeleteRolePolicyCommand(policy));
    iam.destroy();
    web.answer(() => 'good');
    await world.stage.asSuperuser((session) =>
      session.query(`ALTER ROLE ${rotator} PASSWORD '${verifier}'`),
    );
  };
}

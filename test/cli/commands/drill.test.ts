import { beforeEach, describe, expect, test } from '@jest/globals';
import { emergencyInputSchema } from '../../../domain/events/emergency.ts';
import { emergencyDocumentSchema } from '../../../domain/reports/emergency-document.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { runCommand } from '../run-command.ts';
import { MachineInMemory, meanwhile } from './machine-in-memory.ts';

let deployment: InMemoryDeployment;
let machine: MachineInMemory;
beforeEach(() => {
  deployment = inMemoryDeployment({ now: '2026-11-23T10:15:00Z' });
});
const drill = (...argv: string[]) => runCommand(deployment, ['drill', ...argv]);

/** Everything was looked at. @param findings of the drill */
function toTheEnd(findings = 0, end: 'closed' | 'incomplete' = 'closed'): void {
  meanwhile(
    deployment,
    async () => {
      machine = new MachineInMemory(deployment);
      await machine.begin({ drill: true, exposed: ['jwt'] });
      await machine.stage('protect', 'running');
    },
    async () => {
      await machine.secret('jwt', 'checked');
      await machine.stage('protect', 'done');
      await machine.report();
      await deployment.emergencyRecords.putDrilled({
        id: machine.id,
        at: deployment.clock.now().toISOString(),
        outcome: findings > 0 ? 'findings' : 'passed',
        findings,
        deadWithinSeconds: 95,
        overWithinSeconds: 1_500,
      });
      await machine.end(end);
    },
  );
}

describe('drill', () => {
  test('is the emergency of everything, without effects, and asks nobody', async () => {
    toTheEnd();
    const { exitCode, said, complained } = await drill();
    expect([exitCode, complained]).toEqual([0, '']);
    expect(emergencyInputSchema.parse(deployment.started[0]?.input)).toMatchObject({
      id: machine.id,
      secrets: 'all',
      drill: true,
      reason: 'drill',
      suspects: [],
    });
    expect(said).toContain('as if jwt, pii, db, legacyDb, rowsDb, dbAdmin were exposed.');
    expect(said).toContain('jwt            checked');
    expect(said).toContain('# The incident, as md');
    expect(said.split('\n').slice(-3)).toEqual([
      `Report: s3://pharmacy-prod-incidents/${machine.id}/report.json`,
      'A real one is expected to have old credentials dead within 1 min 35 s, and to be over within 25 min.',
      'Drill passed: nothing was found, and nothing was changed.',
    ]);
  });

  test('of some, with a reason; --json is the document of an emergency', async () => {
    toTheEnd();
    const { exitCode, said } = await drill('jwt', '--reason', 'before the audit', '--json');
    expect(deployment.started[0]?.input).toMatchObject({
      secrets: ['jwt'],
      reason: 'before the audit',
    });
    expect(exitCode).toBe(0);
    expect(emergencyDocumentSchema.parse(JSON.parse(said))).toMatchObject({
      outcome: 'passed',
      emergency: { drill: true },
      drilled: { outcome: 'passed', deadWithinSeconds: 95 },
      secrets: [{ key: 'jwt', state: 'checked' }],
    });
  });

  test('with findings it ends with 1, and says where they stand', async () => {
    toTheEnd(2);
    const { exitCode, said, complained } = await drill('--all');
    expect(exitCode).toBe(1);
    expect(complained.replaceAll('\n', ' ')).toContain('has 2 findings: in a real emergency');
    expect(said).not.toContain('Drill passed');
    expect(said).toContain(`Next: npx quarterturn emergency --report ${machine.id}`);
  });

  test('that did not come to its end ends with 1, and goes on under the same id', async () => {
    toTheEnd(0, 'incomplete');
    const { exitCode, said } = await drill();
    expect(exitCode).toBe(1);
    expect(said).toContain(`Next: npx quarterturn emergency --resume ${machine.id}`);
    // It changes nothing, so nobody is asked then, either.
    meanwhile(deployment, async () => {
      machine = new MachineInMemory(deployment, machine.id);
      await machine.begin({ drill: true });
      await machine.end();
    });
    const again = await runCommand(deployment, ['emergency', '--resume', machine.id]);
    expect(again.exitCode).toBe(0);
    expect(deployment.started[1]?.input).toMatchObject({ drill: true, secrets: ['jwt'] });
  });

  test('--follow follows the one that is under way', async () => {
    machine = new MachineInMemory(deployment, '20261123t101500z-0000000000000001', 'arn:drill');
    await machine.begin({ drill: true });
    meanwhile(deployment, () => machine.end());
    const { exitCode, said } = await drill('--follow');
    expect([exitCode, deployment.started]).toEqual([0, []]);
    expect(said).toContain('Drill passed');
  });

  test.each<[string[], number, string]>([
    [['jwt', '--all'], 2, 'Secrets were named, and --all was given'],
    [['jwt', '--follow'], 2, '--follow is about a drill that was begun'],
    [['--rows', '5'], 2, '--version-id and --rows belong to --escrow'],
    [['nobody'], 1, 'has no secret "nobody"'],
    [['dbAdmin'], 1, 'Nothing of what is named can be changed here'],
  ])('refuses %j before anything is begun', async (argv, code, message) => {
    const { exitCode, complained } = await drill(...argv);
    expect([exitCode, complained]).toEqual([code, expect.stringContaining(message)]);
    expect(deployment.started).toEqual([]);
  });
});

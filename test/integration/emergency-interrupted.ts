/** Somebody's terminal closes, and the machine is stopped while consumers are: nothing stays half-way. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { recordedTerminal } from '../cli/recorded-terminal.ts';
import { runCommand } from '../cli/run-command.ts';
import { personsDeployment } from './emergency-deployment.ts';
import { type EmergencyStage, statesOf } from './emergency-stage.ts';

export function interrupted(stageOf: () => EmergencyStage): void {
  describe('by command, with the policy of emergencies alone', () => {
    let stage: EmergencyStage;
    beforeAll(() => {
      stage = stageOf();
    });

    /** Consumers stand still, and come back with what leaked; or nearly with what replaces it. */
    test.each(['waiting', 'asked'] as const)(
      'a terminal closes, the machine is stopped while consumers are and the rotation is %s: they start by themselves, and another terminal sees it to its end',
      async (moment) => {
        const { world } = stage;
        const { sandbox, application } = world.stage;
        const leaked = await application.credential('db');
        const consumers = await stage.consumers();
        // Ids are told apart by the second: of two within one, either is the newest.
        await world.later();
        const since = sandbox.requests().length;
        const running = async () => (await stage.records.getEmergencies(1))[0];
        const isThen = async () => {
          const { id = '', state = '' } = (await running()) ?? {};
          if (state !== 'running') return false;
          const stop = await stage.records.getStage(id, 'stop');
          const secret = await stage.records.getSecret(id, 'db');
          return stop?.state === 'done' && secret?.state === moment;
        };
        // Refused: the machine asks again two seconds later, once, or until the terminal is closed.
        const refused = sandbox.injectFault({
          service: 'secretsmanager',
          operation: 'RotateSecret',
          principal: stage.functionRole,
          when: 'before',
          times: moment === 'asked' ? 1 : 1_000,
          error: { code: 'AccessDeniedException', message: 'planted' },
        });

        // Ctrl-C at that moment.
        const terminal = recordedTerminal();
        const first = personsDeployment(stage, async () => {
          if (!(await isThen())) return;
          terminal.interrupt();
          refused.remove();
        });
        const reason = 'it stood in a log';
        const begun = ['emergency', 'db', '--reason', reason, '--exposed-since', '3d', '--yes'];
        // What was not seen in time stands in nobody else's way.
        const { exitCode, said, complained } = await runCommand(first, begun, terminal).finally(
          () => refused.remove(),
        );
        expect({ exitCode, said, complained }).toMatchObject({ exitCode: 130 });
        const { id = '', execution = '' } = (await running()) ?? {};
        expect(await stage.statusOf(execution)).toBe('RUNNING');
        expect(stage.countsOf('billing', since)).toEqual([0]);

        if (moment === 'asked') expect(refused.fired()).toBe(1);
        else expect(refused.fired()).toBeGreaterThan(0);

        await stage.stopExecution(execution);
        await world.settle();
        expect(await stage.consumers()).toEqual(consumers);
        const died = await stage.left(execution);
        expect(died.head).toMatchObject({
          state: 'incomplete',
          ended: 'somebody stopped it',
          requestedBy: expect.stringContaining('user/ines'),
        });
        expect(statesOf(died)).toMatchObject({ protect: 'failed', start: 'failed' });
        expect(died.stages.start?.reason).toMatch(/^consumers were started again/);

        const again = personsDeployment(stage);
        const resumed = await runCommand(again, [
          'emergency',
          '--resume',
          id,
          '--yes',
          '--no-wait',
        ]);
        expect(resumed.exitCode).toBe(0);
        await sandbox.clock.idle();
        const followed = await runCommand(personsDeployment(stage), ['emergency', '--follow']);
        expect(followed.complained).toBe('');
        expect(followed.exitCode).toBe(0);
        expect(followed.said).toContain(id);
        await world.settle();

        const head = (await stage.records.getEmergency(id)) ?? died.head;
        expect(head.execution).not.toBe(execution);
        const done = await stage.left(head.execution);
        expect(done.status).toBe('SUCCEEDED');
        expect(done.head.state).toBe('closed');
        expect(done.secrets.db).toMatchObject({
          state: 'proven',
          attempts: 1,
          afterRotation: 'finished',
        });
        expect(done.secrets.db?.versionId).toBe(await world.holder('db', 'AWSCURRENT'));
        expect(stage.rotationsOf('db', since)).toHaveLength(1);
        expect(await application.isRefused(leaked)).toBe(true);
        expect(await stage.consumers()).toEqual(consumers);
        expect(stage.web.held.db).toBe(done.secrets.db?.versionId);
        expect((await fetch(`${stage.web.url}/api/credentials/health`)).status).toBe(200);
        const report = await runCommand(personsDeployment(stage), ['emergency', '--report', id]);
        expect(report.said).toContain(reason);
      },
      300_000,
    );
  });
}

/** The way back that a person asks for: the intent, the way cleared by the secret's own function, the hold, RotateSecret. */
import { currentVersion } from '../../../../domain/policy/labels.ts';
import { askForRollBack } from '../../../../doors/ask-for-roll-back.ts';
import { preempt } from '../../../../lambdas/rotation/preempt.ts';
import type { Room } from '../../../../lambdas/rotation/run.ts';
import { inMemoryControlTable } from '../../../doors/in-memory-control-table.ts';
import { arnOf, inMemorySecrets } from '../../../doors/in-memory-secrets.ts';
import { recordedLog, settableClock } from '../../../doors/recorded.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const name = 'pharmacy/prod/jwt';
const [v0, v1] = ['0', '1'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`) as [
  string,
  string,
];

/** Every run of the command has a token of its own. */
function world(): FunctionWorld {
  const secrets = inMemorySecrets();
  const controlTable = inMemoryControlTable();
  const clock = settableClock('2026-05-17T17:00:00Z');
  secrets.add(name, { [v1]: ['AWSCURRENT'], [v0]: ['AWSPREVIOUS'] });
  const environment = { SECRET_ARN: arnOf(name), SECRET_NAME: name, ARMED: 'true' };
  const own = { secretsManager: secrets.door, controlTable, clock, log: recordedLog() };
  const room = { environment, companions: {}, doors: own } as unknown as Room<unknown>;
  const doors = {
    secretsManager: secrets.door,
    controlTable,
    functions: { invoke: async (_name: string, request: unknown) => preempt(room, request) },
    clock,
  };
  let isDone = false;
  let runs = 0;
  const promoted: string[] = [];
  return {
    invoke: async (at) => {
      // Whoever reads that it is done does not ask again.
      if (isDone) return 'done';
      runs += 1;
      const token = `00000000-0000-4000-8000-${String(runs).padStart(12, '0')}`;
      const now = clock.now();
      await askForRollBack(faultyDoors(at, doors), {
        ...{ functionName: 'fn', secretArn: arnOf(name), secretName: name, current: v1, token },
        ...{ requestedBy: 'ada', restoreVersionId: v0 },
        hold: {
          ...{ reason: 'rolled back', at: now.toISOString() },
          until: new Date(now.getTime() + 72 * 3_600_000).toISOString(),
        },
      });
      isDone = true;
      return 'done';
    },
    // Its lease lasts for a quarter of an hour; Secrets Manager runs the steps meanwhile.
    between: () => {
      clock.set(new Date(clock.now().getTime() + 16 * 60_000).toISOString());
      const [asked] = secrets.rotations.slice(-1);
      const token = asked?.clientRequestToken;
      if (token === undefined || promoted.length > 0) return;
      if (secrets.stages.get(name)?.[token]?.includes('AWSPENDING') !== true) return;
      secrets.promote(name, token);
      promoted.push(token);
      isDone = true;
    },
    outcome: async () => {
      const current = currentVersion(secrets.stages.get(name) ?? {}) ?? '';
      const intent = await controlTable.getIntent(name, current);
      const lease = await controlTable.getLease(name);
      return [
        promoted.length,
        [intent?.intent, intent?.restoreVersionId],
        (await controlTable.getHold(name)) !== undefined,
        lease === undefined || Date.parse(lease.expiresAt) <= clock.now().getTime(),
      ];
    },
    told: () => own.log.lines,
  };
}

export const rollBack: readonly FunctionCase[] = [{ name: 'asks', start: world }];

/** Nobody came for a day: the watch looks, the cadence decides, on the same stores, with faults at their doors. */
import type { Manifest } from '../../domain/config/manifest.ts';
import { metricNames } from '../../domain/config/names.ts';
import { FunctionFailedError } from '../../doors/function-answer.ts';
import { tick } from '../../lambdas/cadence/tick.ts';
import { watch } from '../../lambdas/watch/watch.ts';
import { pharmacy } from '../lambdas/pharmacy.ts';
import type { Scenario } from './room.ts';
import { credentialIn, excused, logsIn } from './rooms/databases.ts';
import type { Stand } from './stand.ts';

const machine = 'arn:aws:states:eu-west-1:000000000000:stateMachine:after-rotation';

/**
 * @param left version that has been AWSPENDING for a day; another one is what the cadence has asked for since
 * @throws Error when nobody is told of what stands still, or a login that could be restored was not
 */
export async function watchAndTick(
  stand: Stand,
  scenario: Scenario,
  left: string | undefined,
): Promise<void> {
  const { room, calls, faulty } = stand;
  const manifest: Manifest = { ...pharmacy, secrets: [room.manifest], consumers: [] };
  const doors = {
    ...faulty,
    functions: {
      invoke: async (functionName: string, request: unknown) => {
        try {
          return await stand.invoke(request as { operation: string });
        } catch (error) {
          const { name, message } = error as Error;
          throw new FunctionFailedError(functionName, name, message);
        }
      },
    },
    stepFunctions: calls.around('stepFunctions', stand.executions),
    eventBus: calls.around('eventBus', { put: stand.bus.put }),
    metrics: stand.metrics,
  };
  const { AWSPENDING: pending, AWSCURRENT: current } = stand.labels();
  const isStuck = pending !== undefined && pending === left && pending !== current;
  // In an emergency the watch shuts a role out as the rotation does.
  if (scenario === 'emergency') {
    excused.set(stand, { shutOut: true, byHand: false });
  }
  const seen = await calls.invocation('watch', () => watch(doors, manifest));
  if (seen.stuck !== (isStuck ? 1 : 0)) {
    throw new Error(`the watch counts ${seen.stuck} stuck rotations`);
  }
  const alarmed = stand.metrics.emitted.some(
    ({ values }) => values[metricNames.rotationsStuck] === 1,
  );
  if (isStuck && !alarmed) {
    throw new Error('no alarm rings');
  }
  const value = credentialIn(stand.current());
  const isRestorable = scenario !== 'emergency' && seen.failed === 0;
  if (isStuck && value !== undefined && isRestorable && !wasToldOtherwise(stand)) {
    if (!logsIn(stand, value) && seen.loginsLost === 0) {
      throw new Error('AWSCURRENT does not log in, and the watch says nothing of it');
    }
  }
  const ticked = await calls.invocation('cadence', () =>
    tick(doors, manifest, { afterRotation: machine }),
  );
  const [result] = ticked.results;
  if (result === undefined || result.done === 'failed') {
    throw new Error(`the cadence failed: ${result?.reason}`);
  }
  if (isStuck && !result.finding) {
    throw new Error('the cadence finds nothing wrong with a rotation that is stuck for a day');
  }
}

/** A fault of the function itself leaves the login unknown, and that is told. */
const wasToldOtherwise = (stand: Stand): boolean =>
  stand.log.some(({ event }) => event === 'watch-failed');

/** What each machine tries again by itself, before anybody has to look. */
import { describe, expect, test } from '@jest/globals';
import { afterRotationDefinition } from '../../lib/after-rotation-definition.ts';
import { emergencyDefinition } from '../../lib/emergency-definition.ts';
import { reencryptionDefinition } from '../../lib/reencryption-definition.ts';
import { rolloutDefinition } from '../../lib/rollout-definition.ts';
import type { State } from '../../lib/states-language.ts';
import { documentedRetry } from './documented-retries.ts';

const functionArn = (name: string) => `arn:aws:lambda:eu-west-1:000000000000:function:${name}`;
const taskFunctionArn = functionArn('tasks');
const machineArn = 'arn:aws:states:eu-west-1:000000000000:stateMachine:rollout';
const machines = {
  AfterRotation: afterRotationDefinition({
    taskFunctionArn,
    longestWaitSeconds: 300,
    rollout: { machineArn, consumerSeconds: 3_600, longestSeconds: 20_000 },
    syncFunctionArn: functionArn('sync'),
  }),
  Emergency: emergencyDefinition({ taskFunctionArn, rollout: { machineArn, consumerSeconds: 60 } }),
  Reencryption: reencryptionDefinition({ taskFunctionArn }),
  Rollout: rolloutDefinition({ taskFunctionArn, longestSeconds: 300_000 }),
};

interface Retrier {
  readonly ErrorEquals: readonly string[];
}
type Task = [name: string, state: State & { readonly Retry?: readonly Retrier[] }];

/** Of Maps, too, whatever depth they are at. */
function tasksIn(definition: unknown): Task[] {
  if (typeof definition !== 'object' || definition === null) return [];
  return Object.entries(definition).flatMap(([name, state]): Task[] => [
    ...((state as State | null)?.Type === 'Task' ? [[name, state as State] as Task] : []),
    ...tasksIn(state),
  ]);
}
const invoking = (definition: unknown): Task[] =>
  tasksIn(definition).filter(([, { Resource }]) => `${Resource}`.endsWith(':lambda:invoke'));

describe.each(Object.entries(machines))('the machine %s', (_name, definition) => {
  test('regression: retries every error that AWS names, of every function it invokes', () => {
    expect(invoking(definition).length).toBeGreaterThan(5);
    for (const [name, { Retry = [] }] of invoking(definition)) {
      expect([name, Retry[0]]).toEqual([name, documentedRetry]);
    }
  });

  // An operation of a rotation function may wait for sessions to end, or for a target: that is its answer.
  test('regression: runs a task again whose function was killed, before a person is asked', () => {
    const tasks = invoking(definition).filter(
      ([, { Parameters }]) => (Parameters as { Payload?: { task?: string } }).Payload?.task,
    );
    expect(tasks.length).toBeGreaterThan(5);
    for (const [name, { Retry = [] }] of tasks) {
      expect([name, Retry.flatMap(({ ErrorEquals }) => ErrorEquals)]).toEqual([
        name,
        expect.arrayContaining(['Lambda.Unknown', 'Sandbox.Timedout', 'States.Timeout']),
      ]);
    }
  });
});

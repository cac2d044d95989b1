import { describe, expect, test } from '@jest/globals';
import { emergencyStages } from '../../domain/events/emergency.ts';
import { emergencyDefinition } from '../../lib/emergency-definition.ts';
import { Bench } from '../sandbox/step-functions/machine.ts';

interface Machine {
  TimeoutSeconds: number;
  States: Record<string, { Type: string; Next?: string; Catch?: { Next: string }[] }>;
}
const taskFunctionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:tasks';
const rollout = {
  machineArn: 'arn:aws:states:eu-west-1:000000000000:stateMachine:rollout',
  consumerSeconds: 3600,
};

describe('the machine of an emergency', () => {
  test.each([
    ['with consumers', { taskFunctionArn, rollout }],
    ['without', { taskFunctionArn }],
  ])('%s is Amazon States Language that loads', (_title, props) => {
    const bench = new Bench();
    bench.lambda.on('tasks', async () => ({}));
    expect(() =>
      bench.service.createStateMachine({
        name: 'm',
        definition: emergencyDefinition(props),
        roleArn: 'arn:aws:iam::000000000000:role/machine',
        type: 'STANDARD',
      }),
    ).not.toThrow();
  });

  test('every stage catches its own failure, has it noted, and leads on to the next stage either way', () => {
    const { States } = emergencyDefinition({ taskFunctionArn, rollout }) as unknown as Machine;
    for (const [index, stage] of emergencyStages.entries()) {
      const name = stage.charAt(0).toUpperCase() + stage.slice(1);
      const next = emergencyStages[index + 1];
      const after = next === undefined ? 'End' : next.charAt(0).toUpperCase() + next.slice(1);
      expect(States[name]?.Catch).toMatchObject([{ Next: `${name}Failed` }]);
      expect(States[`${name}Failed`]).toMatchObject({ Next: after, Catch: [{ Next: after }] });
    }
  });

  test('no state but the first can end the execution with a failure, before its end is recorded', () => {
    const { States } = emergencyDefinition({ taskFunctionArn, rollout }) as unknown as Machine;
    const uncaught = Object.entries(States)
      .filter(([, { Type, Catch }]) => (Type === 'Task' || Type === 'Map') && Catch === undefined)
      .map(([name]) => name);
    expect(uncaught).toEqual(['Begin', 'Restore', 'Lift']);
  });
});

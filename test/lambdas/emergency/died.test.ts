import { describe, expect, test } from '@jest/globals';
import { executionArn, id, input } from './deployment.ts';
import { expectOnce, world } from './world.ts';

describe('an execution that dies', () => {
  const endOf = (around: ReturnType<typeof world>, status: string, name = 'first') =>
    around.bench.lambda.invoke({ kind: 'service', arn: 'events' } as never, 'tasks', {
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: {
        executionArn: executionArn(name),
        stateMachineArn: around.stateMachineArn,
        status,
      },
    });

  async function stoppedBy(task: string) {
    const around = world();
    let stopped = false;
    around.before.task = (call) => {
      if (call.task !== task || stopped) return;
      stopped = true;
      void around.bench.run('StopExecution', { executionArn: executionArn('first') });
    };
    expect((await around.execute()).status).toBe('ABORTED');
    return around;
  }

  test.each([['prepare'], ['promoted'], ['settle']])(
    'in %s leaves no consumer stopped: an execution starts them, the record and people say what happened',
    async (task) => {
      const around = await stoppedBy(task);
      await endOf(around, 'ABORTED');
      const isStarted = task === 'settle';
      expect(await around.head()).toMatchObject({
        state: 'incomplete',
        ended: 'somebody stopped it',
        report: { key: `${id}/report.md` },
      });
      expect(around.told().at(-1)).toMatchObject({ phase: 'incomplete' });
      const [restoring] = [...around.executions].filter(([name]) => name.includes('restore'));
      if (isStarted) expect(restoring).toBeUndefined();
      else {
        expect(restoring?.[1]).toEqual({ restore: id });
        expect((await around.execute(restoring?.[1] as object, 'restoring')).status).toBe(
          'SUCCEEDED',
        );
      }
      expect(Object.fromEntries(around.running)).toMatchObject({ api: true });
      // Heard twice, it is noted once.
      const told = around.told().length;
      await endOf(around, 'ABORTED');
      expect(around.told()).toHaveLength(told);
      expect((await around.execute(input, 'second')).status).toBe('SUCCEEDED');
      await expectOnce(around);
    },
  );

  test('before it is on record, or one that was refused, is nobody’s business', async () => {
    const around = world();
    await around.execute({ ...input, secrets: ['nope'] });
    await endOf(around, 'FAILED');
    expect([around.told(), around.effects]).toEqual([[], []]);
  });
});

/** A machine whose one state is a distributed Map, a bucket beside it, and what is asked of its Map Run. */
import { Bench, role } from './machine.ts';

export const caller = { kind: 'role', arn: role } as const;
export const task = (arn: string, more: object = {}) => ({
  Type: 'Task',
  Resource: arn,
  TimeoutSeconds: 60,
  End: true,
  ...more,
});
export const map = (inside: Record<string, object>, more: object = {}) => ({
  All: {
    Type: 'Map',
    Label: 'ranges',
    End: true,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: Object.keys(inside)[0] ?? '',
      States: inside,
    },
    ...more,
  },
});
/** The object's key is the input's `key`. */
export const reader = (InputType: string, more: object = {}) => ({
  ItemReader: {
    Resource: 'arn:aws:states:::s3:getObject',
    ReaderConfig: { InputType, ...more },
    Parameters: { Bucket: 'b', 'Key.$': '$.key' },
  },
});
export const writer = (more: object = {}) => ({
  ResultWriter: {
    Resource: 'arn:aws:states:::s3:putObject',
    Parameters: { Bucket: 'b', 'Prefix.$': "States.Format('run/{}', $.key)" },
    ...more,
  },
});

export class MapBench extends Bench {
  constructor() {
    super();
    this.s3.createBucket({ name: 'b', versioned: false, blockPublicPolicy: true });
  }

  async put(key: string, body: string): Promise<void> {
    const input = { Bucket: 'b', Key: key, Body: Buffer.from(body), headers: {} };
    await this.s3.operations.PutObject?.run(input, caller);
  }

  async read(key: string): Promise<string> {
    const input = { Bucket: 'b', Key: key, headers: {} };
    const answer = await this.s3.operations.GetObject?.run(input, caller);
    return String((answer as { body: Buffer }).body);
  }

  /** Starts a machine of these states and lets it work as far as it comes without the clock. */
  async begin(
    states: Record<string, object>,
    input: unknown,
    more: object = {},
    name = 'p',
  ): Promise<string> {
    const stateMachineArn = this.load(states, more);
    const given = { stateMachineArn, name, input: JSON.stringify(input) };
    const { executionArn = '' } = await this.run('StartExecution', given);
    await this.clock.idle();
    return executionArn;
  }

  /** The newest. */
  async mapRunOf(executionArn: string) {
    const { mapRuns } = await this.run('ListMapRuns', { executionArn });
    const { mapRunArn } = (mapRuns as unknown as { mapRunArn: string }[])[0] ?? {};
    return this.run('DescribeMapRun', { mapRunArn }) as unknown as Promise<
      Record<string, unknown> & { executionCounts: Record<string, number> }
    >;
  }

  async childrenOf(executionArn: string, more: object = {}) {
    const { mapRunArn } = await this.mapRunOf(executionArn);
    const { executions } = await this.run('ListExecutions', { mapRunArn, ...more });
    return executions as unknown as { executionArn: string; status: string; itemCount: number }[];
  }

  /** Of executions, what has a number above 0. */
  async counts(executionArn: string) {
    const { executionCounts } = await this.mapRunOf(executionArn);
    return Object.fromEntries(Object.entries(executionCounts).filter(([, count]) => count > 0));
  }

  /** A function that throws unless the item passes, and gives ten times the item. */
  failing(unless: (item: number, call: number) => boolean): string {
    return this.lambda.on('work', (item, call) => {
      if (!unless(item as number, call)) {
        throw Object.assign(new Error('broken'), { name: 'Broken' });
      }
      return (item as number) * 10;
    });
  }
}

/** A sandbox with one state machine, for the tests of Step Functions. */
import { SandboxClock } from '../../../sandbox/clock.ts';
import { Faults } from '../../../sandbox/faults.ts';
import type { EventEnvelope } from '../../../sandbox/ports.ts';
import { S3Service } from '../../../sandbox/s3/service.ts';
import type { AwsService, Caller, Operation } from '../../../sandbox/service.ts';
import { StepFunctionsService } from '../../../sandbox/step-functions/service.ts';
import { ScriptedIam, ScriptedLambda } from '../scripted-ports.ts';

export const start = new Date('2026-05-17T17:00:00Z');
export const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
export const role = 'arn:aws:iam::000000000000:role/machine';
const operator: Caller = { arn: 'arn:aws:iam::000000000000:user/operator', kind: 'user' };

/** No bucket of these tests is encrypted with a key. */
const noKeys = {
  encryptFor: () => Buffer.alloc(0),
  decryptFor: () => Buffer.alloc(0),
};

export class Bench {
  readonly clock = new SandboxClock(start, 'manual');
  readonly lambda = new ScriptedLambda();
  readonly iam = new ScriptedIam();
  readonly published: EventEnvelope[] = [];
  readonly putEvents: Record<string, unknown>[] = [];
  readonly faults = new Faults();
  readonly s3: S3Service;
  readonly service: StepFunctionsService;

  constructor(services: Record<string, Pick<AwsService, 'operations'>> = {}, without?: 'no S3') {
    const PutEvents: Operation = {
      authorize: () => [{ action: 'events:PutEvents', resource: 'bus' }],
      run: async (input) => {
        this.putEvents.push(input);
        return { FailedEntryCount: 0, Entries: [{ EventId: 'e1' }] };
      },
    };
    const { clock, iam, faults } = this;
    const place = { account: '000000000000', region: 'eu-west-1', clock, iam };
    this.s3 = new S3Service({ ...place, kms: noKeys });
    this.service = new StepFunctionsService({
      ...place,
      faults,
      ...(without === undefined && { s3: this.s3 }),
      lambda: this.lambda,
      events: { publish: (event) => this.published.push(event), operations: { PutEvents } },
      services,
    });
  }

  load(States: Record<string, object>, more: object = {}): string {
    const StartAt = Object.keys(States)[0] ?? '';
    const definition = { StartAt, States, ...more };
    const given = { name: 'm', definition, roleArn: role, type: 'STANDARD' as const };
    return this.service.createStateMachine(given).arn;
  }

  run(operation: string, input: Record<string, unknown>) {
    return this.service.operations[operation]?.run(input, operator) as Promise<
      Record<string, never>
    >;
  }

  /** Starts a machine of these states and lets it come to rest. */
  async result(States: Record<string, object>, input: unknown = {}, more: object = {}) {
    const stateMachineArn = this.load(States, more);
    const started = await this.run('StartExecution', {
      stateMachineArn,
      input: JSON.stringify(input),
    });
    await this.clock.settle();
    return this.described(started.executionArn ?? '');
  }

  async described(executionArn: string) {
    const { output, ...rest } = await this.run('DescribeExecution', { executionArn });
    return {
      ...(rest as unknown as {
        status: string;
        error?: string;
        cause?: string;
        executionArn: string;
      }),
      ...(output === undefined ? {} : { output: JSON.parse(output) as never }),
    };
  }

  async history(executionArn: string): Promise<string[]> {
    const { events } = await this.run('GetExecutionHistory', { executionArn });
    return (events as unknown as { type: string }[]).map((event) => event.type);
  }
}

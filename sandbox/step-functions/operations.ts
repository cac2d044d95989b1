/** The operations of Step Functions that the sandbox answers. Timestamps are epoch seconds. */
import type { Operation } from '../service.ts';
import type { Execution, StateMachine } from './execution.ts';

interface Desk {
  machine(arn: string): StateMachine;
  execution(arn: string): Execution;
  /** Newest first. */
  executionsOf(machine: StateMachine): Execution[];
  start(machine: StateMachine, name: string | undefined, input: string): Execution;
  stop(execution: Execution, error: string | undefined, cause: string | undefined): void;
  redrive(execution: Execution): void;
}

type Input = Record<string, unknown>;

export function operations(desk: Desk): Record<string, Operation> {
  const machineOf = (input: Input) => desk.machine(text(input.stateMachineArn) ?? '');
  const executionOf = (input: Input) => desk.execution(text(input.executionArn) ?? '');
  return Object.fromEntries([
    on('StartExecution', 'stateMachineArn', (input) => {
      const execution = desk.start(machineOf(input), text(input.name), text(input.input) ?? '{}');
      return { executionArn: execution.arn, startDate: seconds(execution.startedAt) };
    }),
    on('DescribeStateMachine', 'stateMachineArn', (input) => {
      const { arn, name, definitionText, roleArn, createdAt } = machineOf(input);
      return {
        stateMachineArn: arn,
        name,
        status: 'ACTIVE',
        type: 'STANDARD',
        definition: definitionText,
        roleArn,
        creationDate: seconds(createdAt),
      };
    }),
    on('ListExecutions', 'stateMachineArn', (input) => {
      const status = text(input.statusFilter);
      const found = desk
        .executionsOf(machineOf(input))
        .filter((execution) => status === undefined || execution.status === status);
      const { page, token } = paged(found, input, 100);
      return { executions: page.map(summary), ...token };
    }),
    on('DescribeExecution', 'executionArn', (input) => description(executionOf(input))),
    on('GetExecutionHistory', 'executionArn', (input) => {
      const { events } = executionOf(input).history;
      const ordered = input.reverseOrder === true ? [...events].reverse() : events;
      const { page, token } = paged(ordered, input, 1000);
      return { events: page, ...token };
    }),
    on('StopExecution', 'executionArn', (input) => {
      const execution = executionOf(input);
      desk.stop(execution, text(input.error), text(input.cause));
      return { stopDate: seconds(execution.stoppedAt as Date) };
    }),
    on('RedriveExecution', 'executionArn', (input) => {
      const execution = executionOf(input);
      desk.redrive(execution);
      return { redriveDate: seconds(execution.redrives.last as Date) };
    }),
  ]);
}

function on(
  name: string,
  resource: 'stateMachineArn' | 'executionArn',
  run: (input: Input) => unknown,
): [string, Operation] {
  return [
    name,
    {
      authorize: (input) => [{ action: `states:${name}`, resource: text(input[resource]) ?? '*' }],
      run: async (input) => run(input),
    },
  ];
}

function summary(execution: Execution): Record<string, unknown> {
  return {
    executionArn: execution.arn,
    stateMachineArn: execution.machine.arn,
    name: execution.name,
    status: execution.status,
    startDate: seconds(execution.startedAt),
    ...(execution.stoppedAt === undefined ? {} : { stopDate: seconds(execution.stoppedAt) }),
    redriveCount: execution.redrives.count,
    ...(execution.redrives.last === undefined
      ? {}
      : { redriveDate: seconds(execution.redrives.last) }),
  };
}

function description(execution: Execution): Record<string, unknown> {
  const { output, failure } = execution;
  return {
    ...summary(execution),
    input: execution.input,
    inputDetails: { included: true },
    ...(output === undefined ? {} : { output, outputDetails: { included: true } }),
    ...(failure.error === undefined ? {} : { error: failure.error }),
    ...(failure.cause === undefined ? {} : { cause: failure.cause }),
  };
}

/** The token is the offset of the next page. */
function paged<T>(items: readonly T[], input: Input, standard: number) {
  const size =
    typeof input.maxResults === 'number' && input.maxResults > 0 ? input.maxResults : standard;
  const from = Number(text(input.nextToken) ?? 0);
  const token = from + size < items.length ? { nextToken: String(from + size) } : {};
  return { page: items.slice(from, from + size), token };
}

function seconds(date: Date): number {
  return date.getTime() / 1000;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

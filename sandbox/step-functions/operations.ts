/** The operations of Step Functions that the sandbox answers. Timestamps are epoch seconds. */
import { type Operation, ServiceException } from '../service.ts';
import type { Execution, StateMachine } from './execution.ts';
import { description, seconds, summary } from './execution-description.ts';
import type { MapRun } from './map-run.ts';
import { paged, text } from './paging.ts';

interface Desk {
  now(): Date;
  mapRun(arn: string): MapRun;
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
    [
      'ListExecutions',
      {
        authorize: ({ stateMachineArn, mapRunArn }) => [
          {
            action: 'states:ListExecutions',
            resource: text(stateMachineArn) ?? text(mapRunArn) ?? '*',
          },
        ],
        run: async (input) => {
          const found = listed(desk, input);
          const { page, token } = paged(found, input, 100);
          return { executions: page.map(summary), ...token };
        },
      },
    ],
    on('DescribeExecution', 'executionArn', (input) => description(executionOf(input), desk.now())),
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

/** @throws ValidationException for both ARNs or none, and for filters that only Map Runs know */
function listed(desk: Desk, input: Input): Execution[] {
  const [stateMachineArn, mapRunArn] = [text(input.stateMachineArn), text(input.mapRunArn)];
  const [status, redriveFilter] = [text(input.statusFilter), text(input.redriveFilter)];
  if ((stateMachineArn === undefined) === (mapRunArn === undefined)) {
    const message = 'Exactly one of stateMachineArn and mapRunArn must be given';
    throw new ServiceException('ValidationException', message);
  }
  if (mapRunArn === undefined) {
    if (redriveFilter !== undefined || status === 'PENDING_REDRIVE') {
      const message = 'redriveFilter and PENDING_REDRIVE are for executions of a Map Run';
      throw new ServiceException('ValidationException', message);
    }
    return desk
      .executionsOf(desk.machine(stateMachineArn ?? ''))
      .filter((execution) => status === undefined || execution.status === status);
  }
  return desk
    .mapRun(mapRunArn)
    .children.filter(
      ({ execution, isToBeRedriven }) =>
        status === undefined || status === (isToBeRedriven ? 'PENDING_REDRIVE' : execution?.status),
    )
    .flatMap(({ execution }) => execution ?? [])
    .filter(
      ({ redrives }) =>
        redriveFilter === undefined || (redriveFilter === 'REDRIVEN') === redrives.count > 0,
    )
    .sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
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

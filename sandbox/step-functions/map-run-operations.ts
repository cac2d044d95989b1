/** DescribeMapRun, ListMapRuns, UpdateMapRun. */
import { type Operation, ServiceException } from '../service.ts';
import type { Execution } from './execution.ts';
import type { MapRun, Tolerance } from './map-run.ts';
import { mapRunDescription, mapRunListItem } from './map-run-description.ts';
import { paged, text } from './paging.ts';

interface Desk {
  now(): Date;
  execution(arn: string): Execution;
  mapRun(arn: string): MapRun;
  /** Newest first. */
  mapRunsOf(execution: Execution): MapRun[];
}

type Input = Record<string, unknown>;

/** The largest of each; none may be below 0. */
const settings: Readonly<Record<keyof Tolerance, number>> = {
  maxConcurrency: Number.MAX_SAFE_INTEGER,
  toleratedFailureCount: Number.MAX_SAFE_INTEGER,
  toleratedFailurePercentage: 100,
};

export function mapRunOperations(desk: Desk): Record<string, Operation> {
  const mapRunOf = (input: Input) => desk.mapRun(text(input.mapRunArn) ?? '');
  return {
    DescribeMapRun: {
      authorize: (input) => asked('DescribeMapRun', input.mapRunArn),
      run: async (input) => mapRunDescription(mapRunOf(input), desk.now()),
    },
    ListMapRuns: {
      authorize: (input) => asked('ListMapRuns', input.executionArn),
      run: async (input) => {
        const found = desk.mapRunsOf(desk.execution(text(input.executionArn) ?? ''));
        const { page, token } = paged(found, input, 100);
        return { mapRuns: page.map(mapRunListItem), ...token };
      },
    },
    UpdateMapRun: {
      authorize: (input) => asked('UpdateMapRun', input.mapRunArn),
      run: async (input) => {
        mapRunOf(input).update(change(input));
        return {};
      },
    },
  };
}

function asked(name: string, resource: unknown) {
  return [{ action: `states:${name}`, resource: text(resource) ?? '*' }];
}

/** @throws ValidationException */
function change(input: Input): Partial<Tolerance> {
  const given: Record<string, number> = {};
  for (const [name, most] of Object.entries(settings)) {
    const value = input[name];
    if (value === undefined || value === null) {
      continue;
    }
    if (typeof value !== 'number' || value < 0 || value > most) {
      throw new ServiceException('ValidationException', `${name} must be from 0 to ${most}`);
    }
    given[name] = value;
  }
  return given;
}

/** CloudWatch Logs, captured in memory: what functions print, and what callers put. */
import type { SandboxClock } from '../clock.ts';
import { type AwsService, ServiceException } from '../service.ts';

interface LogEvent {
  stream: string;
  timestamp: number;
  message: string;
}

export interface LogsSettings {
  account: string;
  region: string;
  clock: SandboxClock;
}

export class LogsService implements AwsService {
  readonly signingName = 'logs';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'Logs_20140328';
  readonly operations: AwsService['operations'];
  readonly #settings: LogsSettings;
  readonly #groups = new Map<string, { events: LogEvent[]; streams: Set<string> }>();

  constructor(settings: LogsSettings) {
    this.#settings = settings;
    const check = (action: string) => (input: Record<string, unknown>) => [
      { action, resource: `${this.arnOf(String(input.logGroupName))}:*` },
    ];
    this.operations = {
      CreateLogGroup: {
        authorize: check('logs:CreateLogGroup'),
        run: async ({ logGroupName }) => {
          this.createGroup(String(logGroupName));
        },
      },
      CreateLogStream: {
        authorize: check('logs:CreateLogStream'),
        run: async ({ logGroupName, logStreamName }) => {
          const { streams } = this.#existing(String(logGroupName));
          if (streams.has(String(logStreamName))) {
            throw new ServiceException(
              'ResourceAlreadyExistsException',
              'The specified log stream already exists',
            );
          }
          streams.add(String(logStreamName));
        },
      },
      PutLogEvents: {
        authorize: check('logs:PutLogEvents'),
        run: async (input) => this.#put(input),
      },
      FilterLogEvents: {
        authorize: check('logs:FilterLogEvents'),
        run: async (input) => this.#filter(input),
      },
    };
  }

  arnOf(group: string): string {
    return `arn:aws:logs:${this.#settings.region}:${this.#settings.account}:log-group:${group}`;
  }

  /** Idempotent for the template; functions make their own group when none was declared. */
  createGroup(name: string): { arn: string } {
    this.#group(name);
    return { arn: `${this.arnOf(name)}:*` };
  }

  append(group: string, stream: string, message: string): void {
    const timestamp = this.#settings.clock.now().getTime();
    const { events, streams } = this.#group(group);
    streams.add(stream);
    events.push({ stream, timestamp, message });
  }

  /** @returns the lines of one group, or of all, oldest first within a group */
  lines(group?: string): readonly string[] {
    const groups = group === undefined ? [...this.#groups.keys()] : [group];
    return groups.flatMap((name) =>
      (this.#groups.get(name)?.events ?? []).map(({ message }) => message),
    );
  }

  #group(name: string): { events: LogEvent[]; streams: Set<string> } {
    const group = this.#groups.get(name) ?? { events: [], streams: new Set<string>() };
    this.#groups.set(name, group);
    return group;
  }

  #existing(name: string): { events: LogEvent[]; streams: Set<string> } {
    const group = this.#groups.get(name);
    if (group === undefined) {
      throw new ServiceException(
        'ResourceNotFoundException',
        'The specified log group does not exist.',
      );
    }
    return group;
  }

  #put({ logGroupName, logStreamName, logEvents }: Record<string, unknown>): object {
    const { events, streams } = this.#existing(String(logGroupName));
    const stream = String(logStreamName);
    if (!streams.has(stream)) {
      throw new ServiceException(
        'ResourceNotFoundException',
        'The specified log stream does not exist.',
      );
    }
    for (const event of logEvents as { timestamp: number; message: string }[]) {
      events.push({ stream, timestamp: event.timestamp, message: event.message });
    }
    return { nextSequenceToken: String(events.length) };
  }

  #filter(input: Record<string, unknown>): object {
    const { startTime, endTime, filterPattern, logStreamNames } = input;
    const text = String(filterPattern ?? '');
    if (/[[\]{}?]|^-| -/.test(text)) {
      throw new ServiceException(
        'NotSimulatedException',
        `The sandbox simulates filter patterns of plain terms only, not ${JSON.stringify(text)}.`,
        501,
      );
    }
    const terms = text.replaceAll('"', '').split(/\s+/).filter(Boolean);
    const names = logStreamNames as readonly string[] | undefined;
    const events = this.#existing(String(input.logGroupName)).events.filter(
      ({ stream, timestamp, message }) =>
        timestamp >= Number(startTime ?? 0) &&
        timestamp <= Number(endTime ?? Infinity) &&
        (names?.includes(stream) ?? true) &&
        terms.every((term) => message.includes(term)),
    );
    return {
      events: events.map(({ stream, ...event }) => ({ logStreamName: stream, ...event })),
      searchedLogStreams: [],
    };
  }
}

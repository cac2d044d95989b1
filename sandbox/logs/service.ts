/** CloudWatch Logs, captured in memory: what functions print, and what callers and services put. */
import type { SandboxClock } from '../clock.ts';
import type { PolicyDocument, Statement } from '../iam/policy.ts';
import { assertSupportedPolicy } from '../iam/validate.ts';
import { asList } from '../iam/wildcard.ts';
import type { IamPort, KeyUsePort, LogGroupPort } from '../ports.ts';
import { type AwsService, type Caller, ServiceException } from '../service.ts';

interface LogEvent {
  stream: string;
  timestamp: number;
  message: string;
}

export interface LogsSettings {
  account: string;
  region: string;
  clock: SandboxClock;
  iam: IamPort;
  keys: KeyUsePort;
  /** Sees every line that was taken; metrics are embedded in some. */
  onLine?: (message: string) => void;
}

interface Group {
  events: LogEvent[];
  streams: Set<string>;
  kmsKeyId?: string;
}

/** What the service does with a group's key (logs guide, "Encrypt log data in CloudWatch Logs using KMS"). */
const KEY_USES = ['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'];

/** "as many log events as can fit in 1 MB (up to 10,000 log events)" (API_FilterLogEvents). */
const PAGE_EVENTS = 10_000;
const PAGE_BYTES = 1_048_576;

export class LogsService implements AwsService, LogGroupPort {
  readonly signingName = 'logs';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'Logs_20140328';
  readonly operations: AwsService['operations'];
  readonly #settings: LogsSettings;
  readonly #groups = new Map<string, Group>();
  /** Resource policies of the account in this region, by name. */
  readonly #policies = new Map<string, PolicyDocument>();

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
      DeleteLogGroup: {
        authorize: check('logs:DeleteLogGroup'),
        run: async ({ logGroupName }) => {
          this.removeGroup(String(logGroupName));
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

  /**
   * Idempotent for the template; functions make their own group when none was declared.
   * @throws InvalidParameterException when CloudWatch Logs may not use the key
   */
  createGroup(name: string, kmsKeyId?: string): { arn: string } {
    if (kmsKeyId !== undefined && !this.#mayUse(kmsKeyId, name)) {
      throw new ServiceException(
        'InvalidParameterException',
        `The specified KMS key does not exist or is not allowed to be used with Arn '${this.arnOf(name)}'`,
      );
    }
    const group = this.#group(name);
    if (kmsKeyId === undefined) {
      delete group.kmsKeyId;
    } else {
      group.kmsKeyId = kmsKeyId;
    }
    return { arn: `${this.arnOf(name)}:*` };
  }

  putResourcePolicy(name: string, policy: PolicyDocument): void {
    assertSupportedPolicy(policy, `resource policy ${name} of CloudWatch Logs`, 'resource');
    this.#policies.set(name, policy);
  }

  removeResourcePolicy(name: string): void {
    this.#policies.delete(name);
  }

  /** The loader's: CloudFormation does not take over a group that is there already. */
  assertNoGroup(name: string): void {
    if (this.#groups.has(name)) {
      throw new ServiceException(
        'ResourceAlreadyExistsException',
        'The specified log group already exists',
      );
    }
  }

  /** @throws ResourceNotFoundException */
  removeGroup(name: string): void {
    this.#existing(name);
    this.#groups.delete(name);
  }

  append(group: string, stream: string, message: string): void {
    const timestamp = this.#settings.clock.now().getTime();
    this.#write(group, { stream, timestamp, message });
  }

  /** LogGroupPort: makes a stream and writes, as the resource policies allow the service. */
  writeAs(caller: Caller, logGroupArn: string, message: string): void {
    const name = logGroupArn.replace(/:\*$/, '').split(':').slice(6).join(':');
    this.#existing(name);
    const stream = caller.service ?? caller.arn;
    const statements = [...this.#policies.values()].flatMap((policy) =>
      asList<Statement>(policy.Statement),
    );
    for (const action of ['logs:CreateLogStream', 'logs:PutLogEvents']) {
      this.#settings.iam.authorize(caller, {
        action,
        resource: `${this.arnOf(name)}:log-stream:${stream}`,
        resourcePolicy: { Statement: statements },
      });
    }
    this.append(name, stream, message);
  }

  /** @returns the lines of one group, or of all, oldest first within a group */
  lines(group?: string): readonly string[] {
    const groups = group === undefined ? [...this.#groups.keys()] : [group];
    return groups.flatMap((name) =>
      (this.#groups.get(name)?.events ?? []).map(({ message }) => message),
    );
  }

  #group(name: string): Group {
    const group = this.#groups.get(name) ?? { events: [], streams: new Set<string>() };
    this.#groups.set(name, group);
    return group;
  }

  /** A line that cannot be encrypted is lost: nobody reads it, and nothing embedded in it counts. */
  #write(name: string, event: LogEvent): void {
    const group = this.#group(name);
    if (group.kmsKeyId !== undefined && !this.#mayUse(group.kmsKeyId, name)) {
      return;
    }
    group.streams.add(event.stream);
    group.events.push(event);
    this.#settings.onLine?.(event.message);
  }

  #mayUse(kmsKeyId: string, name: string): boolean {
    const service = `logs.${this.#settings.region}.amazonaws.com`;
    const caller: Caller = { kind: 'service', arn: service, service };
    try {
      const context = { 'aws:logs:arn': this.arnOf(name) };
      this.#settings.keys.useAs(caller, kmsKeyId, KEY_USES, context);
      return true;
    } catch (error) {
      if (error instanceof ServiceException) {
        return false;
      }
      throw error;
    }
  }

  #existing(name: string): Group {
    const group = this.#groups.get(name);
    if (group === undefined) {
      throw missingGroup();
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
    for (const { timestamp, message } of logEvents as { timestamp: number; message: string }[]) {
      this.#write(String(logGroupName), { stream, timestamp, message });
    }
    return { nextSequenceToken: String(events.length) };
  }

  #filter(input: Record<string, unknown>): object {
    const { startTime, endTime, filterPattern, logStreamNames, limit, nextToken } = input;
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
    const from = Number(nextToken ?? 0);
    if (!Number.isInteger(from) || from < 0 || from > events.length) {
      throw new ServiceException(
        'InvalidParameterException',
        'The specified nextToken is invalid.',
      );
    }
    const page = pageOf(events.slice(from), Number(limit ?? PAGE_EVENTS));
    return {
      events: page.map(({ stream, ...event }) => ({ logStreamName: stream, ...event })),
      searchedLogStreams: [],
      ...(from + page.length < events.length && { nextToken: String(from + page.length) }),
    };
  }
}

/** At least one event, however long: a page that never got on would never end. */
function pageOf(events: readonly LogEvent[], limit: number): LogEvent[] {
  const page: LogEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    bytes += Buffer.byteLength(event.message);
    if (page.length > 0 && (page.length >= limit || bytes > PAGE_BYTES)) break;
    page.push(event);
  }
  return page;
}

function missingGroup(): ServiceException {
  return new ServiceException(
    'ResourceNotFoundException',
    'The specified log group does not exist.',
  );
}

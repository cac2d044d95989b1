/**
 * One secret that rotates while others want something of it: the real rotation function and the real doors, once for
 * every participant, on clients that ask the sandbox's Secrets Manager and a control table in memory. Each request is
 * a point of the schedule.
 */
import { createHash } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { IntentRecord } from '../../domain/events/control-records.ts';
import { type ControlTableDoor, controlTable } from '../../doors/control-table.ts';
import type { RandomSource } from '../../doors/random.ts';
import { type SecretsManagerDoor, secretsManager } from '../../doors/secrets-manager.ts';
import type { RotationDoors } from '../../lambdas/rotation/doors.ts';
import {
  type RotationFunction,
  type RotationHandler,
  rotationHandler,
} from '../../lambdas/rotation/handler.ts';
import { SandboxClock } from '../../sandbox/clock.ts';
import { KmsService } from '../../sandbox/kms/service.ts';
import type { SecretsManagerService } from '../../sandbox/secrets-manager/service.ts';
import { SecretsManagerService as Service } from '../../sandbox/secrets-manager/service.ts';
import { ServiceException } from '../../sandbox/service.ts';
import { tester } from '../in-process/request-handler.ts';
import { MemoryDynamoDb } from './memory-dynamo-db.ts';
import { Schedule } from './schedule.ts';

const account = '000000000000';
const region = 'eu-west-1';
export const functionArn = `arn:aws:lambda:${region}:${account}:function:fn-secret`;
export const secretName = 'pharmacy/prod/secret';

/** What a kind of secret adds. Made anew for each participant: nothing is shared but what is outside. */
export type RoomOf = (place: {
  by: string;
  schedule: Schedule;
  companions: Readonly<Record<string, string>>;
  sleep(): Promise<void>;
}) => Pick<RotationFunction<unknown>, 'strategy'> & Partial<RotationFunction<unknown>>;

export interface WorldOptions {
  room: RoomOf;
  /** Runs the function somewhere else than here. */
  invoke?: (world: RaceWorld, by: string, event: unknown) => Promise<unknown>;
  /** Further secrets, by name. */
  companions?: Readonly<Record<string, string>>;
}

export interface Labels {
  readonly [label: string]: string | undefined;
}

export class RaceWorld {
  readonly clock = new SandboxClock(new Date('2026-01-05T03:00:00Z'), 'manual');
  readonly service: SecretsManagerService;
  readonly table = new MemoryDynamoDb();
  readonly log: { by: string; level: string; event: string; code: unknown }[] = [];
  readonly secretArn: string;
  readonly companionArns: Readonly<Record<string, string>>;
  /** Doors that are no part of the schedule: what a test looks through. */
  readonly secrets: SecretsManagerDoor;
  readonly control: ControlTableDoor;
  /** Participants whose code is of a release before: how they write a record. */
  readonly older = new Map<string, (kind: string, record: string) => string>();
  /** The function as Secrets Manager invokes it; a deployment may change that between two steps. */
  invoked: (event: { Step: string }) => string = () => 'service';
  /** What was done before the race was not scheduled. */
  schedule = new Schedule();
  readonly #options: WorldOptions;
  readonly #drawnFor: string;
  #token = 0;
  #drawn = 0;

  private constructor(options: WorldOptions, drawnFor: string) {
    this.#options = options;
    this.#drawnFor = drawnFor;
    const iam = { authorize: () => undefined };
    this.service = new Service({
      account,
      region,
      clock: this.clock,
      iam,
      kms: new KmsService({ account, region, iam, clock: this.clock }),
      events: { publish: () => undefined },
      lambda: {
        exists: () => true,
        mayInvoke: () => true,
        invoke: async (_caller, _arn, payload) => {
          try {
            const answer = await this.functionOf(this.invoked(payload as { Step: string }))(
              payload,
            );
            return { payload: JSON.stringify(answer) };
          } catch (error) {
            return { payload: String(error), functionError: 'Unhandled' };
          }
        },
      },
    });
    const make = (name: string, secretString: string) =>
      this.service.createFromTemplate({ name, secretString }).arn;
    this.secretArn = make(secretName, '{"quarterturn":"uninitialised"}');
    this.companionArns = Object.fromEntries(
      Object.entries(options.companions ?? {}).map(([name, text]) => [
        name,
        make(`pharmacy/prod/${name}`, text),
      ]),
    );
    this.secrets = secretsManager(this.#secretsClient());
    this.control = controlTable('control', this.#tableClient());
  }

  /** @param drawnFor a second secret draws other passwords than the first */
  static async start(options: WorldOptions, drawnFor = ''): Promise<RaceWorld> {
    const world = new RaceWorld(options, drawnFor);
    await world.service.configureRotation(tester, {
      secretId: world.secretArn,
      rotationLambdaArn: functionArn,
      rotationRules: { ScheduleExpression: 'rate(89 days)', Duration: '4h' },
      rotateImmediately: false,
    });
    await world.clock.idle();
    return world;
  }

  /** Doors of one participant: each request waits for its turn. */
  doorsOf(by: string): RotationDoors {
    const random = (label: string): RandomSource => ({
      bytes: async (count) => this.#bytes(label, count),
    });
    const log = (level: string) => (event: string, fields: Readonly<Record<string, unknown>>) =>
      void this.log.push({ by, level, event, code: fields.code });
    return {
      secretsManager: secretsManager(this.#secretsClient(by)),
      controlTable: controlTable('control', this.#tableClient(by)),
      kmsRandom: random('kms'),
      localRandom: random('local'),
      clock: {
        now: () => this.clock.now(),
        sleep: () => this.schedule.sleep(by),
      },
      log: { info: log('info'), error: log('error') },
    };
  }

  /** The rotation function, as one instance of it that only this participant invokes. */
  functionOf(by: string): (event: unknown) => Promise<unknown> {
    const { invoke } = this.#options;
    if (invoke !== undefined) return (event) => invoke(this, by, event);
    const doors = this.doorsOf(by);
    const environment = {
      SECRET_ARN: this.secretArn,
      SECRET_NAME: secretName,
      ARMED: 'true',
    } as const;
    const handler: RotationHandler = rotationHandler({
      environment,
      companions: this.companionArns,
      doors,
      ...this.#options.room({
        by,
        schedule: this.schedule,
        companions: this.companionArns,
        sleep: () => doors.clock.sleep(0),
      }),
    });
    return (event) => handler(event, { invokedFunctionArn: functionArn });
  }

  step(by: string, Step: string, ClientRequestToken: string): Promise<unknown> {
    return this.functionOf(by)({ Step, SecretId: this.secretArn, ClientRequestToken });
  }

  /** A request of somebody who has no door for it. */
  request(by: string, operation: string, input: Record<string, unknown>): Promise<unknown> {
    return this.schedule.call(by, operation, () =>
      this.service.operations[operation]?.run(input, tester),
    );
  }

  /** A token in the shape of a UUID, counted up: a failing run can be repeated. */
  nextToken(): string {
    this.#token++;
    return `00000000-0000-4000-8000-${String(this.#token).padStart(12, '0')}`;
  }

  intent(
    intent: IntentRecord['intent'],
    token: string,
    more: Partial<IntentRecord> = {},
  ): IntentRecord {
    return { intent, token, requestedBy: 'test', at: this.clock.now().toISOString(), ...more };
  }

  /** A rotation that nobody disturbs. */
  async rotate(
    intent: IntentRecord['intent'] = 'planned',
    more: Partial<IntentRecord> = {},
    token = this.nextToken(),
  ): Promise<string> {
    await this.control.putIntent(secretName, this.intent(intent, token, more));
    await this.pass(1_000);
    await this.secrets.rotate({ secretId: this.secretArn, clientRequestToken: token });
    await this.settle();
    return token;
  }

  /** Marks the AfterRotation of AWSCURRENT finished, as its machine does in the end. */
  async finishAfterRotation(): Promise<void> {
    const { AWSCURRENT = '' } = await this.labels();
    const record = await this.control.getAfterRotation(secretName, AWSCURRENT);
    if (record) {
      const finished = { ...record, state: 'finished' as const };
      await this.control.moveAfterRotation(secretName, ['due', 'running', 'stopped'], finished);
    }
  }

  /** The service goes on until it has nothing left to try. */
  settle(): Promise<void> {
    return this.clock.settle(30 * 3_600_000);
  }

  pass(milliseconds: number): Promise<void> {
    return this.clock.advanceTo(new Date(this.clock.now().getTime() + milliseconds));
  }

  async stages(): Promise<Readonly<Record<string, readonly string[]>>> {
    return (await this.secrets.describe(this.secretArn)).versionIdsToStages;
  }

  async labels(): Promise<Labels> {
    return Object.fromEntries(
      Object.entries(await this.stages()).flatMap(([id, labels]) => labels.map((it) => [it, id])),
    );
  }

  valueOf(versionId: string): Promise<string | undefined> {
    return this.secrets.getValue(this.secretArn, versionId);
  }

  stop(): void {
    this.clock.stop();
  }

  #bytes(label: string, count: number): Buffer {
    this.#drawn++;
    const bytes: Buffer[] = [];
    for (let block = 0; block * 32 < count; block++) {
      bytes.push(
        createHash('sha256').update(`${this.#drawnFor}${label} ${this.#drawn} ${block}`).digest(),
      );
    }
    return Buffer.concat(bytes).subarray(0, count);
  }

  /** @param by absent: not a part of the schedule */
  #secretsClient(by?: string): SecretsManagerClient {
    return clientOf(async (operation, input) => {
      const run = async () => datesIn(await this.service.operations[operation]?.run(input, tester));
      const label = `${operation}${String(input.VersionStage ?? '') && ` ${input.VersionStage}`}`;
      return by === undefined ? run() : this.schedule.call(by, label, run);
    }) as SecretsManagerClient;
  }

  #tableClient(by?: string): DynamoDBClient {
    return clientOf(async (operation, input) => {
      const key = (input.Key ?? input.Item) as { pk?: { S?: string } } | undefined;
      const what = key?.pk?.S?.split('#')[0] ?? '';
      const item = input.Item as { record?: { S: string } } | undefined;
      const older = by === undefined ? undefined : this.older.get(by);
      if (item?.record !== undefined && older !== undefined) {
        item.record.S = older(what, item.record.S);
      }
      const run = () => structuredClone(this.table.answer(operation, input));
      return by === undefined ? run() : this.schedule.call(by, `${operation} ${what}`, run);
    }) as DynamoDBClient;
  }
}

/** What the doors use of an SDK client. Errors of the services have the names the SDK would give them. */
export function clientOf(
  answer: (operation: string, input: Record<string, unknown>) => Promise<unknown>,
): unknown {
  return {
    async send(command: { constructor: { name: string }; input: Record<string, unknown> }) {
      try {
        return await answer(command.constructor.name.replace(/Command$/, ''), command.input);
      } catch (error) {
        if (!(error instanceof ServiceException)) throw error;
        throw Object.assign(new Error(error.message), {
          name: error.code,
          $metadata: { httpStatusCode: error.status },
        });
      }
    },
  };
}

/** On the wire a time is a number of seconds; the SDK makes a Date of it. */
function datesIn(answer: unknown): unknown {
  return Object.fromEntries(
    Object.entries(answer as object).map(([name, value]) =>
      name.endsWith('Date') && typeof value === 'number'
        ? [name, new Date(value * 1_000)]
        : [name, value],
    ),
  );
}

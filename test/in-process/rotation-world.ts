/**
 * One secret and its rotation function, in this process: the real handler, the real doors, the sandbox's
 * Secrets Manager and KMS behind them, a clock that only a test moves, and faults at every door. By the proof requests
 * go through the SDK's own serialisation, and records through an emulator of DynamoDB; else neither.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { IntentRecord } from '../../domain/events/control-records.ts';
import { type ControlTableDoor, controlTable } from '../../doors/control-table.ts';
import { kmsRandom, localRandom } from '../../doors/random.ts';
import { type SecretsManagerDoor, secretsManager } from '../../doors/secrets-manager.ts';
import type { RotationDoors } from '../../lambdas/rotation/doors.ts';
import { type RotationFunction, rotationHandler } from '../../lambdas/rotation/handler.ts';
import { SandboxClock } from '../../sandbox/clock.ts';
import { DynamoDbService } from '../../sandbox/dynamodb/service.ts';
import { KmsService } from '../../sandbox/kms/service.ts';
import type { LambdaPort } from '../../sandbox/ports.ts';
import { SecretsManagerService } from '../../sandbox/secrets-manager/service.ts';
import { isFull } from '../assurance/figures.ts';
import { answeredBy } from './answered-by.ts';
import { controlTableProperties } from './control-table-properties.ts';
import { Faults } from './faults.ts';
import { itemsInMemory } from './items-in-memory.ts';
import { inProcess, tester } from './request-handler.ts';

const account = '000000000000';
const region = 'eu-west-1';
export const functionArn = `arn:aws:lambda:${region}:${account}:function:rotation`;

export interface WorldOptions<Value> {
  secretName?: string;
  /** SecretString of the new secret; default: the marker of an uninitialised one. */
  initial?: string;
  armed?: 'true' | 'false';
  /** Of an adopted secret: the key it is expected to be encrypted with. */
  kmsKeyArn?: string;
  room(wiring: {
    environment: RotationFunction<Value>['environment'];
    doors: RotationDoors;
    faults: Faults;
    /** ARNs of the companions, by name. */
    companions: Readonly<Record<string, string>>;
  }): Omit<RotationFunction<Value>, 'environment' | 'doors'>;
  /** Default: the real door on items in memory; by the proof on an emulator of DynamoDB. */
  control?: ControlTableDoor;
  /** Default: the room has none. */
  escrow?: NonNullable<RotationDoors['escrow']>;
  /** Further secrets, by name. */
  companions?: Readonly<Record<string, string>>;
  /** Requests through the SDK's own serialisation, records through an emulator of DynamoDB. Default: by the proof. */
  throughSdk?: boolean;
}

export interface LogLine {
  level: 'info' | 'error';
  event: string;
  fields: Readonly<Record<string, unknown>>;
}

export class RotationWorld<Value> {
  readonly clock: SandboxClock;
  readonly faults = new Faults();
  readonly log: LogLine[] = [];
  readonly events: { 'detail-type': string; detail: Readonly<Record<string, unknown>> }[] = [];
  readonly service: SecretsManagerService;
  /** The doors without faults: what a test looks through. */
  readonly secrets: SecretsManagerDoor;
  readonly control: ControlTableDoor;
  readonly secretArn: string;
  readonly secretName: string;
  readonly companionArns: Readonly<Record<string, string>>;
  readonly handler: (event: unknown) => Promise<unknown>;
  /** Every answer and error of the function, for leak searches. */
  readonly answers: unknown[] = [];
  readonly #dynamoDb: DynamoDbService | undefined;
  readonly kms: KmsService;
  #token = 0;

  private constructor(
    options: WorldOptions<Value>,
    clock: SandboxClock,
    dynamoDb: DynamoDbService | undefined,
  ) {
    this.clock = clock;
    this.#dynamoDb = dynamoDb;
    const iam = { authorize: () => undefined };
    this.kms = new KmsService({ account, region, iam, clock: this.clock });
    const lambda: LambdaPort = {
      exists: () => true,
      mayInvoke: () => true,
      invoke: async (_caller, _arn, payload) => {
        try {
          return { payload: JSON.stringify(await this.handler(payload)) };
        } catch (error) {
          return {
            payload: JSON.stringify({ errorMessage: String(error) }),
            functionError: 'Unhandled',
          };
        }
      },
    };
    this.service = new SecretsManagerService({
      account,
      region,
      clock: this.clock,
      iam,
      kms: this.kms,
      lambda,
      events: { publish: (event) => void this.events.push(event) },
    });
    this.secretName = options.secretName ?? 'pharmacy/test/secret';
    this.secretArn = this.service.createFromTemplate({
      name: this.secretName,
      secretString: options.initial ?? '{"quarterturn":"uninitialised"}',
    }).arn;
    this.companionArns = Object.fromEntries(
      Object.entries(options.companions ?? {}).map(([name, secretString]) => [
        name,
        this.service.createFromTemplate({ name: `${this.secretName}-${name}`, secretString }).arn,
      ]),
    );
    this.secrets = secretsManager(
      (options.throughSdk ?? isFull)
        ? new SecretsManagerClient(inProcess(this.service) as object)
        : answeredBy<SecretsManagerClient>(this.service.operations),
    );
    this.control =
      options.control ??
      controlTable(
        'control',
        dynamoDb === undefined
          ? itemsInMemory().client
          : new DynamoDBClient(inProcess(dynamoDb) as object),
      );

    const { faults } = this;
    const doors: RotationDoors = {
      secretsManager: faults.around('secretsManager', this.secrets),
      controlTable: faults.around('controlTable', this.control),
      ...(options.escrow && { escrow: faults.around('escrow', options.escrow) }),
      kmsRandom: faults.around(
        'kmsRandom',
        kmsRandom(new KMSClient(inProcess(this.kms) as object)),
      ),
      localRandom,
      clock: { now: () => this.clock.now(), sleep: async () => undefined },
      log: {
        info: (event, fields) => void this.log.push({ level: 'info', event, fields }),
        error: (event, fields) => void this.log.push({ level: 'error', event, fields }),
      },
    };
    const environment = {
      SECRET_ARN: this.secretArn,
      SECRET_NAME: this.secretName,
      ARMED: options.armed ?? ('true' as const),
      ...(options.kmsKeyArn && { KMS_KEY_ARN: options.kmsKeyArn }),
    };
    const handle = rotationHandler({
      environment,
      doors,
      ...options.room({ environment, doors, faults, companions: this.companionArns }),
    });
    this.handler = async (event) => {
      const { Step, operation } = (event ?? {}) as { Step?: string; operation?: string };
      try {
        const answer = await faults.invocation(Step ?? operation ?? 'event', () =>
          handle(event, { invokedFunctionArn: functionArn }),
        );
        this.answers.push(answer);
        return answer;
      } catch (error) {
        this.answers.push(error);
        throw error;
      }
    };
  }

  static async start<Value>(options: WorldOptions<Value>): Promise<RotationWorld<Value>> {
    const clock = new SandboxClock(new Date('2026-01-05T03:00:00Z'), 'manual');
    const dynamoDb =
      (options.throughSdk ?? isFull) ? new DynamoDbService({ account, region, clock }) : undefined;
    await dynamoDb?.createTable(controlTableProperties);
    const world = new RotationWorld(options, clock, dynamoDb);
    await world.service.configureRotation(tester, {
      secretId: world.secretArn,
      rotationLambdaArn: functionArn,
      rotationRules: { AutomaticallyAfterDays: 365 },
      rotateImmediately: false,
    });
    await world.clock.idle();
    return world;
  }

  /** A token in the shape of a UUID, counted up: a failing run can be repeated. */
  nextToken(): string {
    this.#token++;
    return `00000000-0000-4000-8000-${String(this.#token).padStart(12, '0')}`;
  }

  /** Writes the intent, calls RotateSecret, and lets the service run the four steps and its retries. */
  async rotate(
    intent: Partial<IntentRecord> & { intent: IntentRecord['intent'] } = { intent: 'planned' },
    token = this.nextToken(),
  ): Promise<string> {
    await this.begin(intent, token);
    await this.clock.settle(6 * 3_600_000);
    return token;
  }

  /** A planned one, and what follows it, so that the next one may begin. */
  async rotateThrough(): Promise<string> {
    const token = await this.rotate();
    await this.finishAfterRotation();
    return token;
  }

  /** As `rotate`, without waiting for the service's retries. */
  async begin(
    intent: Partial<IntentRecord> & { intent: IntentRecord['intent'] },
    token = this.nextToken(),
  ): Promise<string> {
    await this.control.putIntent(this.secretName, {
      token,
      requestedBy: 'test',
      at: this.clock.now().toISOString(),
      ...intent,
    });
    // A second later, so that no two generations share a date label.
    await this.clock.advanceTo(new Date(this.clock.now().getTime() + 1_000));
    await this.secrets.rotate({ secretId: this.secretArn, clientRequestToken: token });
    await this.clock.idle();
    return token;
  }

  /** Marks the AfterRotation of AWSCURRENT finished, as its state machine does in the end. */
  async finishAfterRotation(): Promise<void> {
    const versionId = (await this.labels()).AWSCURRENT ?? '';
    const record = await this.control.getAfterRotation(this.secretName, versionId);
    if (record) {
      await this.control.moveAfterRotation(this.secretName, ['due', 'running', 'stopped'], {
        ...record,
        state: 'finished',
      });
    }
  }

  /** Activates the published key of AWSCURRENT, as AfterRotation does. */
  async activate(): Promise<string> {
    const versionId = (await this.labels()).AWSCURRENT ?? '';
    const record = await this.control.getAfterRotation(this.secretName, versionId);
    const activate = { versionId, kid: record?.publishedKid ?? 'none' };
    const token = await this.rotate({ intent: 'activate', activate });
    await this.finishAfterRotation();
    return token;
  }

  /** Label → version id. */
  async labels(): Promise<Record<string, string>> {
    const { versionIdsToStages } = await this.secrets.describe(this.secretArn);
    return Object.fromEntries(
      Object.entries(versionIdsToStages).flatMap(([id, labels]) =>
        labels.map((label) => [label, id]),
      ),
    );
  }

  /** The text of the version with this label. */
  async text(label = 'AWSCURRENT'): Promise<string | undefined> {
    const versionId = (await this.labels())[label];
    return versionId === undefined ? undefined : this.secrets.getValue(this.secretArn, versionId);
  }

  stop(): void {
    this.clock.stop();
    this.#dynamoDb?.stop();
  }
}

/**
 * The deployed artefacts under test: functions as bundled, stack as synthesized, in the sandbox over HTTP,
 * against a PostgreSQL of its own. Every caller comes as AWS would know it, with its key and its policies.
 */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type Stage, type StageOptions, setStage } from '../../demo/stage.ts';
import { ValueGuard } from '../../demo/terminal/value-guard.ts';
import type { AfterRotationRecord, IntentRecord } from '../../domain/events/control-records.ts';
import { dateLabelsOf, versionWith } from '../../domain/policy/labels.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import { controlTableWith, type ExplicitAccess } from '../../doors/explicit-access.ts';
import { localRandom } from '../../doors/random.ts';
import example from '../../rotation.config.ts';
import type { PostgresOptions } from '../../sandbox/postgres/start.ts';
import type { Fault, InjectedFault, RequestRecord } from '../../sandbox/sandbox.ts';
import { runScript } from '../synthesizer/run-script.ts';
import { restingRows } from './resting-rows.ts';

export type SecretKey = 'jwt' | 'pii' | 'db' | 'legacyDb';
export type Step = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';
export const steps: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

const firstDay = new Date('2026-01-05T03:00:10Z');
/** An emergency waits out every login begun before it; the server's own default is a minute. */
const quick = { authentication_timeout: '1s' };
const silent = { doing() {}, progress() {}, changed() {}, proof() {} };

export class World {
  readonly stage: Stage;
  /** The operator's: writes intents, and no other record. */
  readonly control: ControlTableDoor;
  /** An administrator's: emergencies are the machine's to ask for, and on-call may not write their intents. */
  readonly #emergencies: Pick<ControlTableDoor, 'putIntent'>;
  /** What a function answered, or the error it gave, to those who invoked it here. */
  readonly answers: string[] = [];
  readonly #lambda: LambdaClient;
  readonly #operator: SecretsManagerClient;
  readonly #owner: SecretsManagerClient;
  readonly #closing: (() => Promise<void>)[];

  private constructor(stage: Stage, closing: (() => Promise<void>)[]) {
    this.stage = stage;
    this.#closing = closing;
    const operator = this.accessOf(stage.operatorKey);
    this.control = controlTableWith(operator, stage.operator.manifest.controlTable);
    this.#emergencies = controlTableWith(
      this.accessOf(this.#administratorKey()),
      stage.operator.manifest.controlTable,
    );
    this.#lambda = new LambdaClient({ ...operator, maxAttempts: 1 });
    this.#operator = new SecretsManagerClient({ ...operator, maxAttempts: 1 });
    this.#owner = new SecretsManagerClient(this.accessOf(this.#ownerKey()));
  }

  /** A stage of its own, all secrets still uninitialised. */
  static async start(
    postgres?: PostgresOptions,
    rows: 'resting' | 'following' = 'resting',
    configure?: StageOptions['configure'],
    rollout = false,
  ): Promise<World> {
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    const closing: (() => Promise<void>)[] = [];
    try {
      const stage = await setStage(
        {
          config: rows === 'resting' ? restingRows(example) : example,
          clock: { start: firstDay, mode: 'manual' },
          guard: new ValueGuard(),
          runScript,
          onClose: (close) => void closing.unshift(close),
          postgres: { ...postgres, settings: { ...quick, ...postgres?.settings } },
          ...(configure && { configure }),
          rollout,
        },
        silent,
      );
      return new World(stage, closing);
    } catch (error) {
      await closeAll(closing);
      throw error;
    }
  }

  /** As `start`, with the first value of each of these secrets and whatever those need. */
  static async withValues(
    keys: readonly (SecretKey | 'rowsDb')[],
    postgres?: PostgresOptions,
  ): Promise<World> {
    const world = await World.start(postgres);
    try {
      for (const key of keys) {
        await world.later();
        await world.stage.operator.rotate(key);
      }
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  stop = (): Promise<void> => closeAll(this.#closing);

  accessOf(credentials: ExplicitAccess['credentials']): ExplicitAccess {
    const { url, region } = this.stage.sandbox;
    return { endpoint: url, region, credentials };
  }

  name = (key: SecretKey): string => this.stage.operator.secret(key).name;
  functionOf = (key: SecretKey): string => this.stage.operator.secret(key).function;

  async newToken(): Promise<string> {
    return (await localRandom.bytes(16)).toString('hex');
  }

  /** Lets `milliseconds` go by without a tick of the schedules; by default a second: date labels differ. */
  async later(milliseconds = 1_000): Promise<void> {
    const { clock } = this.stage.sandbox;
    clock.at(new Date(clock.now().getTime() + milliseconds), 'later', async () => undefined);
    await clock.settle(milliseconds);
  }

  /** Whatever is under way comes to rest, the service's retries included. */
  settle = (): Promise<void> => this.stage.sandbox.clock.settle(4 * 3_600_000);

  /** RotateSecret as the operator, and the first attempt at the four steps. */
  async begin(
    key: SecretKey,
    intent?: IntentRecord['intent'],
    more: Partial<IntentRecord> = {},
  ): Promise<string> {
    await this.later();
    const token = more.token ?? (await this.newToken());
    if (intent !== undefined) {
      const at = this.stage.sandbox.clock.now().toISOString();
      const record = { intent, token, requestedBy: 'on-call', reason: 'test', at, ...more };
      const door = intent === 'emergency' ? this.#emergencies : this.control;
      await door.putIntent(this.name(key), record);
    }
    await this.#operator.send(
      new RotateSecretCommand({ SecretId: this.name(key), ClientRequestToken: token }),
    );
    await this.stage.sandbox.clock.idle();
    return token;
  }

  /** As `begin`, to the end: AfterRotation and retries. */
  async rotate(...asked: Parameters<World['begin']>): Promise<string> {
    const token = await this.begin(...asked);
    await this.settle();
    return token;
  }

  /** Clears the way, then rotates with that intent. The lease ends with it. */
  async preemptAndRotate(key: SecretKey, intent: 'emergency' | 'rollback'): Promise<string> {
    const token = await this.newToken();
    await this.preempt(key, token);
    await this.rotate(key, intent, { token });
    await this.later(61_000);
    return token;
  }

  async preempt(key: SecretKey, token: string): Promise<Record<string, unknown>> {
    return this.invoke(key, { operation: 'preempt', token, owner: 'on-call', minutes: 1 });
  }

  /** @throws Error with the function's own message */
  async invoke(key: SecretKey, event: object): Promise<Record<string, unknown>> {
    const { Payload, FunctionError } = await this.#lambda.send(
      new InvokeCommand({ FunctionName: this.functionOf(key), Payload: JSON.stringify(event) }),
    );
    const text = Buffer.from(Payload ?? []).toString('utf8');
    this.answers.push(text);
    if (FunctionError !== undefined) {
      throw new Error(text);
    }
    return JSON.parse(text);
  }

  /** The service's test of the configuration alone. */
  async testOnly(key: SecretKey): Promise<string> {
    const { VersionId } = await this.#operator.send(
      new RotateSecretCommand({ SecretId: this.name(key), RotateImmediately: false }),
    );
    await this.stage.sandbox.clock.idle();
    return VersionId ?? '';
  }

  async stages(key: SecretKey): Promise<Readonly<Record<string, readonly string[]>>> {
    return (await this.stage.operator.describe(key)).versionIdsToStages;
  }

  async holder(key: SecretKey, label: string): Promise<string | undefined> {
    return versionWith(label, await this.stages(key));
  }

  /** The date AWSCURRENT is aged by: exactly one label. */
  async dateLabel(key: SecretKey): Promise<string> {
    const stages = await this.stages(key);
    const labels = dateLabelsOf(versionWith('AWSCURRENT', stages) ?? '', stages);
    if (labels.length !== 1 || labels[0] === undefined) {
      throw new Error(`AWSCURRENT of ${key} carries ${labels.length} date labels, expected one`);
    }
    return labels[0];
  }

  async afterRotation(key: SecretKey, versionId?: string): Promise<AfterRotationRecord['state']> {
    const version = versionId ?? (await this.holder(key, 'AWSCURRENT')) ?? '';
    const record = await this.control.getAfterRotation(this.name(key), version);
    return record?.state ?? 'stopped';
  }

  /** As its owner; undefined while the version has no value. */
  async valueOf(key: SecretKey, versionId: string): Promise<string | undefined> {
    try {
      const answer = await this.#owner.send(
        new GetSecretValueCommand({ SecretId: this.name(key), VersionId: versionId }),
      );
      return answer.SecretString;
    } catch (error) {
      if ((error as Error).name === 'ResourceNotFoundException') {
        return undefined;
      }
      throw error;
    }
  }

  /** The value its owner keeps of a secret that does not rotate. */
  async ownValue(key: string): Promise<string> {
    const { stage } = this;
    const SecretId = stage.sandbox.outputs[`SecretArn${key}`];
    const { SecretString } = await this.#owner.send(new GetSecretValueCommand({ SecretId }));
    return SecretString ?? '';
  }

  /** Every version there is, those without a label too. */
  async versionIds(key: SecretKey): Promise<string[]> {
    const answer = await this.#owner.send(
      new ListSecretVersionIdsCommand({ SecretId: this.name(key), IncludeDeprecated: true }),
    );
    return (answer.Versions ?? []).flatMap(({ VersionId }) => VersionId ?? []);
  }

  /** One call of one step goes wrong, in the way asked for. */
  fault(key: SecretKey, Step: Step, when: Fault['when'], more: Partial<Fault> = {}): InjectedFault {
    const { match, ...rest } = more;
    return this.stage.sandbox.injectFault({
      service: 'lambda',
      operation: 'Invoke',
      match: { functionName: this.functionOf(key), Step, ...match },
      when,
      times: 1,
      ...rest,
    });
  }

  /** The steps the service called under this token, in order. */
  stepsOf(token: string): string[] {
    return this.stage.sandbox.requests().flatMap((request) => stepIn(request, token) ?? []);
  }

  #administratorKey() {
    const keyed = ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom'];
    return this.stage.sandbox.createPrincipal('administrator', {
      policies: [
        {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: ['dynamodb:PutItem', 'kms:ReEncryptTo', ...keyed.map((it) => `kms:${it}`)],
              Resource: '*',
            },
          ],
        },
      ],
    });
  }

  #ownerKey() {
    return this.stage.sandbox.createPrincipal('security', {
      policies: [
        {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: [
                ...['GetSecretValue', 'ListSecretVersionIds'].map((it) => `secretsmanager:${it}`),
                'kms:Decrypt',
              ],
              Resource: '*',
            },
          ],
        },
      ],
    });
  }
}

function stepIn({ service, input }: RequestRecord, token: string): string | undefined {
  const { Payload } = input as { Payload?: { Step?: string; ClientRequestToken?: string } };
  return service === 'lambda' && Payload?.ClientRequestToken === token ? Payload.Step : undefined;
}

async function closeAll(closing: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of closing) {
    await close();
  }
}

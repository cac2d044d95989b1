/**
 * One secret and its rotation function in memory, everything real but the outside: the handler, its strategy, the
 * doors' own code, the sandbox's rules for labels, retries and clock. What is stored can be kept and put back, so
 * that every schedule begins where the one before began.
 */
import type { IntentRecord } from '../../domain/events/control-records.ts';
import { type ControlTableDoor, controlTable } from '../../doors/control-table.ts';
import type { RandomSource } from '../../doors/random.ts';
import { type SecretsManagerDoor, secretsManager } from '../../doors/secrets-manager.ts';
import type { RotationDoors } from '../../lambdas/rotation/doors.ts';
import { SandboxClock } from '../../sandbox/clock.ts';
import type { Secret } from '../../sandbox/secrets-manager/secret.ts';
import { inMemoryEscrow } from '../doors/in-memory-escrow.ts';
import { recordedBus, recordedExecutions, recordedMetrics } from '../doors/recorded.ts';
import { answeredBy } from '../in-process/answered-by.ts';
import { type Item, type ItemsInMemory, itemsInMemory } from '../in-process/items-in-memory.ts';
import { tester } from '../in-process/request-handler.ts';
import {
  type KeptSecret,
  type SecretsInMemory,
  secretsInMemory,
} from '../in-process/secrets-in-memory.ts';
import { Calls } from './calls.ts';
import { Cluster, type ServerState } from './postgres/cluster.ts';
import { type Connect, type FaultyDoor, faultyDoor } from './postgres/door.ts';
import { ModelSession } from './postgres/model.ts';
import { type Room, secretName } from './room.ts';
import { seededRandom } from './seeded-random.ts';

const start = new Date('2026-01-05T03:00:00Z');
const marker = '{"quarterturn":"uninitialised"}';
const functionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:fn-secret';
/** Somebody else's, which nothing here may touch. */
const neighbour = 'pharmacy/prod/neighbour';

export interface Kept {
  readonly secrets: readonly KeptSecret[];
  readonly items: ReadonlyMap<string, Item>;
  readonly documents: ReadonlyMap<string, string>;
  readonly server: ServerState;
  readonly now: Date;
  readonly tokens: number;
  readonly draws: number;
}

export interface StepRun {
  readonly step: string;
  readonly token: string;
  readonly failed: boolean;
}

export class Stand {
  readonly room: Room;
  readonly clock: SandboxClock;
  readonly calls = new Calls();
  readonly secrets: SecretsInMemory;
  readonly items: ItemsInMemory;
  readonly escrow = inMemoryEscrow();
  readonly cluster: Cluster;
  readonly postgres: FaultyDoor;
  readonly random: ReturnType<typeof seededRandom>;
  /** Without faults: what is looked through. */
  readonly door: SecretsManagerDoor;
  readonly control: ControlTableDoor;
  /** With faults: what a recovery uses. */
  readonly faulty: RotationDoors;
  readonly bus = recordedBus();
  readonly metrics = recordedMetrics();
  readonly executions = recordedExecutions();
  readonly log: { level: string; event: string; fields: unknown }[] = [];
  /** What the function answered, or threw. */
  readonly answers: unknown[] = [];
  readonly steps: StepRun[] = [];
  readonly arn: string;
  readonly secret: Secret;
  /** Where the server is a real one: `cluster` is read from it again. */
  refresh: (() => Promise<void>) | undefined;
  readonly #handle: (event: unknown) => Promise<unknown>;
  #tokens: number;
  #seenStates: unknown[] = [];
  #writes = 0;

  constructor(room: Room, kept?: Kept, connect?: Connect) {
    this.room = room;
    this.clock = new SandboxClock(kept?.now ?? start, 'manual');
    this.#tokens = kept?.tokens ?? 0;
    this.random = seededRandom(kept?.draws ?? 0);
    this.secrets = secretsInMemory(
      {
        clock: this.clock,
        events: { publish: () => undefined },
        lambda: {
          exists: () => true,
          mayInvoke: () => true,
          invoke: (_caller, _arn, payload) => this.#invoked(payload),
        },
      },
      kept?.secrets ?? [],
    );
    if (kept === undefined) {
      this.#make();
    }
    this.secret = this.secrets.secret(secretName);
    this.arn = this.secret.arn;
    this.items = itemsInMemory(kept?.items);
    for (const [id, document] of kept?.documents ?? []) {
      this.escrow.documents.set(id, document);
    }
    this.cluster = new Cluster(kept?.server ?? room.server);
    this.postgres = faultyDoor(
      this.calls,
      connect ??
        (async (endpoint, credential) => new ModelSession(this.cluster, endpoint, credential)),
    );
    this.calls.onDeath = () => this.postgres.cutAll();
    this.calls.revision = () => this.#revision();
    this.door = secretsManager(answeredBy(this.secrets.operations));
    this.control = controlTable('control', this.items.client);
    this.faulty = this.#faultyDoors();
    this.#handle = room.handler({ stand: this, functionArn });
  }

  keep(): Kept {
    return {
      secrets: this.secrets.keep(),
      items: new Map(this.items.items),
      documents: new Map(this.escrow.documents),
      server: this.cluster.state,
      now: this.clock.now(),
      tokens: this.#tokens,
      draws: this.random.drawn(),
    };
  }

  /** One call of the function, by whomever. */
  async invoke(event: { Step?: string; operation?: string }): Promise<unknown> {
    try {
      const during = event.Step ?? event.operation ?? 'event';
      const answer = await this.calls.invocation(during, () => this.#handle(event));
      this.answers.push(answer);
      return answer;
    } catch (error) {
      this.answers.push(error);
      throw error;
    }
  }

  nextToken(): string {
    this.#tokens += 1;
    return `00000000-0000-4000-8000-${String(this.#tokens).padStart(12, '0')}`;
  }

  /** Writes the intent and calls RotateSecret; the service has run its four steps, or failed, when it returns. */
  async begin(
    intent: Partial<IntentRecord> & { intent: IntentRecord['intent'] },
    token = this.nextToken(),
  ): Promise<string> {
    const at = this.clock.now().toISOString();
    await this.control.putIntent(secretName, { token, requestedBy: 'test', at, ...intent });
    // A second later, so that no two generations share a date label.
    await this.pass(1_000);
    await this.door.rotate({ secretId: this.arn, clientRequestToken: token });
    await this.clock.idle();
    return token;
  }

  /** The service's retries, all of them. */
  settle = (): Promise<void> => this.clock.settle(6 * 3_600_000);

  async pass(milliseconds: number): Promise<void> {
    await this.clock.advanceTo(new Date(this.clock.now().getTime() + milliseconds));
  }

  /** Label → version id. */
  labels(): Record<string, string> {
    return Object.fromEntries(
      [...this.secret.state.versions.values()].flatMap(({ versionId, labels }) =>
        [...labels].map((label) => [label, versionId]),
      ),
    );
  }

  text(versionId: string | undefined): string | undefined {
    const value = this.secret.state.versions.get(versionId ?? '')?.value;
    return value?.ciphertext.toString('utf8');
  }

  current = (): string | undefined => this.text(this.labels().AWSCURRENT);

  /**
   * As the AfterRotation machine leaves it: a published key is in use, and nothing is due.
   * @param seenThrough what is done until the rotation that activates the key is over
   */
  async followUp(seenThrough: (token: string) => Promise<unknown> = this.settle): Promise<void> {
    await this.#finishAfterRotation();
    const versionId = this.labels().AWSCURRENT ?? '';
    const after = await this.control.getAfterRotation(secretName, versionId);
    if (after?.publishedKid !== undefined) {
      const activate = { versionId, kid: after.publishedKid };
      await seenThrough(await this.begin({ intent: 'activate', activate }));
      await this.#finishAfterRotation();
    }
  }

  async #finishAfterRotation(): Promise<void> {
    const versionId = this.labels().AWSCURRENT ?? '';
    const record = await this.control.getAfterRotation(secretName, versionId);
    if (record !== undefined) {
      await this.control.moveAfterRotation(secretName, ['due', 'running', 'stopped'], {
        ...record,
        state: 'finished',
      });
    }
  }

  #make(): void {
    const { operations } = this.secrets;
    const create = (Name: string, SecretString: string) =>
      operations.CreateSecret?.run(
        {
          ...{ Name, SecretString, ClientRequestToken: '00000000-0000-4000-8000-0000000000ff' },
          Tags: [
            { Key: 'quarterturn:name', Value: 'pharmacy' },
            { Key: 'quarterturn:environment', Value: 'prod' },
          ],
        },
        tester,
      );
    void create(secretName, this.room.initial ?? marker);
    void create(neighbour, '{"password":"somebody else owns this one"}');
    for (const [name, text] of Object.entries(this.room.companions)) {
      void create(`${secretName}-${name}`, text);
    }
  }

  /** The rule the deployment gives it; its test of the configuration runs, and leaves nothing. */
  async configure(): Promise<void> {
    await this.secrets.operations.RotateSecret?.run(
      {
        SecretId: this.arn,
        ClientRequestToken: this.nextToken(),
        RotationLambdaARN: functionArn,
        RotationRules: this.room.rule,
        RotateImmediately: false,
      },
      tester,
    );
    await this.clock.idle();
  }

  #faultyDoors(): RotationDoors {
    const { calls, random, escrow, clock, room } = this;
    const staleDoor = new Proxy(this.door, {
      get: (target, property) => {
        const method = Reflect.get(target, property) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          const [secretId] = args as [string];
          this.secrets.store.get(secretId).staleReads(1);
          return method.apply(target, args);
        };
      },
    });
    const list = async () =>
      [...escrow.documents.keys()].map((versionId) => ({
        ...{ versionId, objectVersion: '1', storedAt: start },
      }));
    const local: RandomSource = { bytes: async (count) => random.bytes(count) };
    return {
      secretsManager: calls.around('secretsManager', this.door, undefined, staleDoor),
      controlTable: calls.around('controlTable', this.control),
      ...(room.escrow && { escrow: calls.around('escrow', { store: escrow.store, list }) }),
      kmsRandom: calls.around<RandomSource>('kmsRandom', {
        bytes: async (count) => random.bytes(count),
      }),
      localRandom: local,
      clock: { now: () => clock.now(), sleep: async () => undefined },
      log: {
        info: (event, fields) => void this.log.push({ level: 'info', event, fields }),
        error: (event, fields) => void this.log.push({ level: 'error', event, fields }),
      },
    };
  }

  async #invoked(payload: unknown): Promise<{ payload: string; functionError?: 'Unhandled' }> {
    const { Step: step, ClientRequestToken: token } = payload as Record<string, string>;
    const entry = { step: step ?? '', token: token ?? '' };
    try {
      await this.invoke(payload as { Step: string });
      this.steps.push({ ...entry, failed: false });
      return { payload: '{}' };
    } catch {
      this.steps.push({ ...entry, failed: true });
      return { payload: '{}', functionError: 'Unhandled' };
    }
  }

  #revision(): number {
    const states = this.secrets.store.all().map(({ state }) => state);
    if (states.some((state, index) => state !== this.#seenStates[index])) {
      this.#seenStates = states;
      this.#writes += 1;
    }
    const { documents } = this.escrow;
    return this.#writes + this.items.revision() + this.cluster.revision + documents.size;
  }
}

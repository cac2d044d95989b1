/**
 * One sequence of commands against the product: the real rotation function on its real doors, the sandbox's Secrets
 * Manager behind them. Whatever was done and whatever failed, after every command:
 * - I1 exactly one version is AWSCURRENT, and it has a value
 * - I2 what the target accepts is the value of a labelled version; with two logins, AWSCURRENT itself is accepted
 * - I4 the value of a version never changes
 * - I5 every key that was ever AWSCURRENT's is still there, unless an emergency revoked it
 * and in the end, when nothing fails any more,
 * - I3 an emergency is promoted: AWSCURRENT works, and AWSPENDING is nowhere else.
 */
import { JwtStrategy } from '../../lambdas/jwt/jwt-strategy.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { PlainStrategy } from '../in-process/plain-strategy.ts';
import { RotationWorld } from '../in-process/rotation-world.ts';
import { OneLoginStrategy } from './one-login-strategy.ts';
import type { ProductCommand } from './product-commands.ts';

export const kinds = ['jwt', 'manyLogins', 'oneLogin'] as const;
export type Kind = (typeof kinds)[number];

export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

const hour = 3_600_000;

export class ProductRun {
  readonly world: RotationWorld<unknown>;
  /** In memory; none: a keyset has no target that accepts it. */
  readonly #target: PlainStrategy | undefined;
  readonly #values = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #unmanaged = new Set<string>();
  #emergencies = 0;

  private constructor(world: RotationWorld<unknown>, target: PlainStrategy | undefined) {
    this.world = world;
    this.#target = target;
  }

  static async begin(kind: Kind): Promise<ProductRun> {
    const target = {
      jwt: undefined,
      manyLogins: new PlainStrategy(),
      oneLogin: new OneLoginStrategy(),
    };
    const strategy = (target[kind] ?? jwt()) as RotationStrategy<unknown>;
    const world = await RotationWorld.start<unknown>({
      control: inMemoryControlTable(),
      room: () => ({ strategy, companions: {} }),
    });
    const run = new ProductRun(world, target[kind]);
    await world.rotate();
    await world.finishAfterRotation();
    await run.#check();
    return run;
  }

  /** @throws InvariantError */
  async take(command: ProductCommand): Promise<void> {
    await this.#do(command);
    await this.world.clock.idle();
    await this.#check();
  }

  async #do(command: ProductCommand): Promise<void> {
    const { world } = this;
    const labels = await world.labels();
    const pending = labels.AWSPENDING ?? labels.AWSCURRENT ?? '';
    switch (command.do) {
      case 'fault':
        return world.faults.arm(command.at, command.kind);
      case 'wait':
        return world.clock.advanceTo(
          new Date(world.clock.now().getTime() + command.minutes * 60_000),
        );
      case 'finishAfterRotation':
        return world.finishAfterRotation();
      case 'cancel':
        return world.secrets.cancelRotation(world.secretArn);
      case 'edit':
        return this.#edit();
      case 'rotate':
        return this.#rotate(command.intent);
      case 'machine':
        await this.#machine(command.intent);
        return;
      case 'resume':
        return this.#call({ operation: 'resume', versionId: pending, step: command.step });
      case 'abandon':
        return this.#call({ operation: 'abandon', versionId: pending, requestedBy: 'test' });
      case 'step': {
        const { AWSCURRENT: current, AWSPREVIOUS: previous } = labels;
        const token = { pending, current, previous, stray: world.nextToken() }[command.token];
        return this.#call({
          Step: command.step,
          SecretId: world.secretArn,
          ClientRequestToken: token ?? world.nextToken(),
        });
      }
    }
  }

  /** @throws InvariantError when it fails with anything but an error of the product's own */
  async #call(event: object): Promise<void> {
    try {
      await this.world.handler(event);
    } catch (error) {
      const { code = '', name = '' } = error as { code?: string; name?: string };
      if (!code.startsWith('ERR_ROTATION_') && name !== 'Sandbox.Timedout') {
        throw new InvariantError(`${JSON.stringify(event)} failed with ${name} ${code}: ${error}`);
      }
    }
  }

  async #rotate(intent: 'planned' | 'activate' | 'console'): Promise<void> {
    const { world } = this;
    if (intent === 'console') {
      const clientRequestToken = world.nextToken();
      await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken });
      return;
    }
    const versionId = (await world.labels()).AWSCURRENT ?? '';
    const record = await world.control.getAfterRotation(world.secretName, versionId);
    const activate = { versionId, kid: record?.publishedKid ?? 'none' };
    await world.begin({ intent, ...(intent === 'activate' && { activate }) });
  }

  async #machine(intent: 'rollback' | 'emergency'): Promise<string> {
    const { world } = this;
    const token = world.nextToken();
    this.#emergencies += intent === 'emergency' ? 1 : 0;
    const at = world.clock.now().toISOString();
    await world.control.putIntent(world.secretName, { token, intent, requestedBy: 'test', at });
    await this.#call({ operation: 'preempt', token, owner: intent });
    await world.begin({ intent }, token);
    return token;
  }

  /**
   * A value that somebody puts during a rotation takes AWSPENDING from it (RotationAbandoned), and the target may have
   * that value by then. The resource policy denies everybody such a write; after it, I2 is not the rotation's to keep.
   */
  async #edit(): Promise<void> {
    const { world } = this;
    const pending = await world.text('AWSPENDING');
    if (pending !== undefined && this.#target !== undefined) {
      this.#unmanaged.add(JSON.parse(pending).id);
    }
    const SecretString = await world.text();
    const ClientRequestToken = world.nextToken();
    const input = { SecretId: world.secretArn, ClientRequestToken, SecretString };
    const caller = { arn: 'arn:aws:iam::000000000000:role/somebody', kind: 'role' as const };
    await world.service.operations.PutSecretValue?.run(input, caller);
  }

  async #check(): Promise<void> {
    const { world } = this;
    const { versionIdsToStages: stages } = await world.secrets.describe(world.secretArn);
    const current = Object.keys(stages).filter((id) => stages[id]?.includes('AWSCURRENT'));
    const values = new Map<string, string>();
    for (const id of Object.keys(stages)) {
      const text = await world.secrets.getValue(world.secretArn, id);
      if (text !== undefined) values.set(id, text);
    }
    const currentText = values.get(current[0] ?? '');
    holds(current.length === 1 && currentText !== undefined, 'I1', stages);
    for (const [id, text] of values) {
      holds((this.#values.get(id) ?? text) === text, 'I4', id);
      this.#values.set(id, text);
    }
    if (this.#target !== undefined) {
      const ids = [...values.values()].map((text) => JSON.parse(text).id);
      const accepted = [...this.#target.accepted];
      const one = this.#target instanceof OneLoginStrategy;
      const needed = one ? accepted : [JSON.parse(currentText ?? '{}').id];
      const stands = (id: string) => (one ? ids : accepted).includes(id) || this.#unmanaged.has(id);
      holds(needed.every(stands), 'I2', { accepted, stages });
    }
    this.#checkKeys(currentText ?? '{}');
  }

  #checkKeys(currentText: string): void {
    const { keyset } = JSON.parse(currentText) as { keyset?: { keys: Key[] } };
    if (keyset === undefined) {
      return;
    }
    for (const [kid, k] of this.#keys) {
      const kept = keyset.keys.find((key) => key.kid === kid);
      const revoked = kept?.state === 'revoked' && this.#emergencies > 0;
      holds(kept?.k === k || revoked, 'I5', { kid, state: kept?.state });
    }
    for (const { kid, k, state } of keyset.keys) {
      if (k !== undefined && state !== 'revoked') this.#keys.set(kid, k);
    }
  }

  /** Nothing fails any more. @throws InvariantError unless an emergency gets through */
  async recover(): Promise<void> {
    const { world } = this;
    world.faults.disarm();
    await world.clock.settle(25 * hour);
    await this.#check();
    const token = await this.#machine('emergency');
    await world.clock.settle(6 * hour);
    await this.#check();
    const { AWSCURRENT, AWSPENDING = token } = await world.labels();
    holds(AWSCURRENT === token && AWSPENDING === token, 'I3', { token, AWSCURRENT, AWSPENDING });
    const { id } = JSON.parse((await world.text()) ?? '{}');
    holds(this.#target?.accepted.has(id) ?? true, 'I3', 'AWSCURRENT is refused by the target');
  }
}

interface Key {
  kid: string;
  k?: string;
  state: string;
}

const jwt = () =>
  new JwtStrategy({
    field: 'JWT_SECRET',
    bits: 512,
    encoding: 'base64',
    acceptForSeconds: 30 * 86_400,
  });

function holds(condition: boolean, invariant: string, found: unknown): asserts condition {
  if (!condition) {
    throw new InvariantError(`${invariant} does not hold: ${JSON.stringify(found)}`);
  }
}

/**
 * One sequence of commands against the product: the real rotation function on its real doors, the sandbox's Secrets
 * Manager behind them. Whatever was done and whatever failed, after every command and every call that may have
 * changed something:
 * - I1 exactly one version is AWSCURRENT, and it has a value
 * - I2 what the target accepts is the value of a labelled version; with two logins, AWSCURRENT itself is accepted
 * - I4 the value of a version never changes
 * - I5 every key that was ever AWSCURRENT's is still there, unless an emergency revoked it. The strategy's own
 *   testSecret refuses a value that lost one, too
 * after every step that went through:
 * - order: the steps before it went through, too, under the same token (user guide, "Lambda rotation functions").
 *   setSecret of a database logs in with what it has set, so a promotion without testSecret shows nowhere else
 * - lease: nobody else had the secret to himself. Before a login is set the strategy asks the same once more
 * - base: setSecret and finishSecret met the AWSCURRENT that createSecret built on. Beside them, the call that moves
 *   AWSCURRENT names it, and alternating users refuse the role of AWSCURRENT
 * and in the end, when nothing fails any more,
 * - I3 an emergency is promoted: AWSCURRENT works, and AWSPENDING is nowhere else.
 */
import type { RotationWorld } from '../in-process/rotation-world.ts';
import type { ProductCommand } from './product-commands.ts';
import { type Kind, type Target, targetOf } from './product-targets.ts';
import { type Step, steps } from './secret-state.ts';

export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

const hour = 3_600_000;
/** A look is what costs; where nothing changed it finds what the last one found. */
const changes = /moveLabel|putPending|cancelRotation|withSession/;
const wentThrough: ReadonlySet<unknown> = new Set(['created', 'set', 'tested', 'finished']);

export class ProductRun {
  readonly world: RotationWorld<unknown>;
  readonly #target: Target;
  readonly #values = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #unmanaged = new Set<string>();
  #emergencies = 0;
  #broken: { error: unknown } | undefined;

  private constructor(target: Target) {
    this.world = target.world;
    this.#target = target;
  }

  static async begin(kind: Kind): Promise<ProductRun> {
    const target = await targetOf(kind);
    const run = new ProductRun(target);
    await target.world.rotate();
    await target.world.finishAfterRotation();
    await run.#check();
    run.#watch();
    return run;
  }

  /** Every call and every step, whoever has it made: the service calls the function, too. */
  #watch(): void {
    const { world } = this;
    world.faults.afterCall = async (site) => {
      if (changes.test(site)) await this.#noting(() => this.#check());
    };
    const { handler } = world;
    (world as { handler: typeof handler }).handler = async (event) => {
      const { Step: step, ClientRequestToken: token } = event as StepEvent;
      const before = await world.labels();
      const answer = await handler(event);
      const { outcome } = (answer ?? {}) as { outcome?: unknown };
      if (step !== undefined && wentThrough.has(outcome)) {
        await this.#noting(() => this.#stepAllowed(step, token, before.AWSCURRENT));
      }
      return answer;
    };
  }

  /** Thrown after the command: in a call of the product, the product would catch it. */
  async #noting(look: () => Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      this.#broken ??= { error };
    }
  }

  async #stepAllowed(step: Step, token: string, current: string | undefined): Promise<void> {
    const { control, secretName, clock } = this.world;
    const record = await control.getRotation(secretName, token);
    const missing = steps.slice(0, steps.indexOf(step)).filter((it) => !record?.steps[it]);
    holds(missing.length === 0, 'order', { step, token, missing });
    const lease = await control.getLease(secretName);
    const isFree = lease === undefined || new Date(lease.expiresAt) <= clock.now();
    holds(isFree || lease.token === token, 'lease', { step, token, lease });
    const isBound = step === 'setSecret' || step === 'finishSecret';
    holds(!isBound || record?.basedOn === current, 'base', { step, token, current });
  }

  /** @throws InvariantError */
  async take(command: ProductCommand): Promise<void> {
    await this.#do(command);
    await this.world.clock.idle();
    await this.#allHeld();
  }

  async #allHeld(): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken.error;
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
        return this.#rotate(command.intent, command.followed);
      case 'machine':
        await this.#machine(command.intent, command.dies);
        return;
      case 'half':
        return this.#half(command.done);
      case 'moveBack':
        return this.#moveBack(labels);
      case 'resume':
        return this.#call({ operation: 'resume', versionId: pending, step: command.step });
      case 'abandon':
        if (command.cancelled) await world.secrets.cancelRotation(world.secretArn);
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

  async #rotate(intent: 'planned' | 'activate' | 'console', followed: boolean): Promise<void> {
    const { world } = this;
    if (followed) {
      await world.finishAfterRotation();
    }
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

  /** The step after `done` has failed, and the service has not come back to it yet. */
  async #half(done: Step): Promise<void> {
    const { world } = this;
    const next = steps[steps.indexOf(done) + 1];
    await world.finishAfterRotation();
    world.faults.arm(`${next}/controlTable.getRotation`, 'before');
    await world.begin({ intent: 'planned' });
    world.faults.disarm();
  }

  async #machine(intent: 'rollback' | 'emergency', dies = false): Promise<string> {
    const { world } = this;
    const token = world.nextToken();
    this.#emergencies += intent === 'emergency' ? 1 : 0;
    const at = world.clock.now().toISOString();
    await world.control.putIntent(world.secretName, { token, intent, requestedBy: 'test', at });
    if (dies) world.faults.arm('preempt/secretsManager.describe', 'diedBefore');
    await this.#call({ operation: 'preempt', token, owner: intent });
    if (dies) return token;
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
    if (pending !== undefined) {
      this.#unmanaged.add(pending);
    }
    const SecretString = await world.text();
    const ClientRequestToken = world.nextToken();
    const input = { SecretId: world.secretArn, ClientRequestToken, SecretString };
    const caller = { arn: 'arn:aws:iam::000000000000:role/somebody', kind: 'role' as const };
    await world.service.operations.PutSecretValue?.run(input, caller);
  }

  /** Whoever does that has looked: what they go back to is accepted, and no key of a keyset is lost. */
  async #moveBack({ AWSCURRENT: from, AWSPREVIOUS: to }: Record<string, string>): Promise<void> {
    const { world } = this;
    const [previous, current, pending] = await Promise.all([
      world.text('AWSPREVIOUS'),
      world.text(),
      world.text('AWSPENDING'),
    ]);
    if (from === undefined || to === undefined || previous === undefined) return;
    const labelled = [previous, current, pending].filter((text) => text !== undefined);
    if (previous.includes('"keyset"') || !this.#target.holds(previous, labelled)) return;
    await world.secrets.moveLabel({ secretId: world.secretArn, label: 'AWSCURRENT', from, to });
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
    const labelled = [...values.values(), ...this.#unmanaged];
    holds(this.#target.holds(currentText, labelled), 'I2', stages);
    this.#checkKeys(currentText);
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
    const token = await this.#machine('emergency');
    await world.clock.settle(6 * hour);
    await this.#allHeld();
    const { AWSCURRENT, AWSPENDING = token } = await world.labels();
    holds(AWSCURRENT === token && AWSPENDING === token, 'I3', { token, AWSCURRENT, AWSPENDING });
    const text = (await world.text()) ?? '';
    holds(this.#target.accepts(text), 'I3', 'AWSCURRENT is refused by the target');
  }
}

interface StepEvent {
  Step?: Step;
  ClientRequestToken: string;
}

interface Key {
  kid: string;
  k?: string;
  state: string;
}

function holds(condition: boolean, invariant: string, found: unknown): asserts condition {
  if (!condition) {
    throw new InvariantError(`${invariant} does not hold: ${JSON.stringify(found)}`);
  }
}

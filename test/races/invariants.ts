/**
 * What holds after every call of every participant, and what holds when all is over (reliability.md 2a, I1–I5, I7).
 * Only what is outside is looked at: labels, values, records, roles.
 */
import { expect } from '@jest/globals';
import type { RotationRecord } from '../../domain/events/control-records.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import { type RacingRoom, stranger } from './rooms.ts';
import { type RaceWorld, secretName } from './world.ts';

interface Key {
  kid: string;
  k?: string;
  state: string;
}

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

export interface Promotion {
  from: string | undefined;
  to: string;
  /** How many changes of roles were committed before. */
  alters: number;
}

export class Watch {
  /** Each move of AWSCURRENT since the race began. */
  readonly promotions: Promotion[] = [];
  /** Other secrets that name the same role: its password may be theirs. */
  readonly beside: RaceWorld[] = [];
  readonly #world: RaceWorld;
  readonly #room: RacingRoom;
  readonly #values = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #records = new Map<string, RotationRecord>();
  #current: string | undefined;

  constructor(world: RaceWorld, room: RacingRoom) {
    this.#world = world;
    this.#room = room;
  }

  /** After every call. */
  async look(): Promise<void> {
    await this.#room.cluster?.refresh();
    const stages = await this.#world.stages();
    const holders = Object.keys(stages).filter((id) => stages[id]?.includes('AWSCURRENT'));
    if (holders.length !== 1) broken('I1', `AWSCURRENT is on ${holders.length} versions`);
    const [current = ''] = holders;
    for (const versionId of Object.keys(stages)) await this.#sameValue(versionId);
    const value = this.#values.get(current);
    if (value === undefined) broken('I1', 'AWSCURRENT has no value');
    await this.#noteMove(current);
    this.#keysLive(value ?? '');
    for (const id of Object.keys(stages)) {
      if (stages[id]?.includes('AWSPENDING')) await this.#recordGrows(id);
    }
    await this.#rolesKnown(Object.keys(stages), current);
  }

  /** I4: what a token holds once, it holds for ever. */
  async #sameValue(versionId: string): Promise<void> {
    const value = await this.#world.valueOf(versionId);
    const known = this.#values.get(versionId);
    if (known !== undefined && value !== known) broken('I4', `${versionId} has another value`);
    if (value !== undefined) this.#values.set(versionId, value);
  }

  /**
   * The first record of a token stands, and steps that are written down stay so: two runs of a step meet there. None
   * went through before those it follows (user guide, "Lambda rotation functions"); where a login answers for
   * setSecret, a testSecret before it fails by itself.
   */
  async #recordGrows(token: string): Promise<void> {
    const record = await this.#world.control.getRotation(secretName, token);
    const known = this.#records.get(token);
    if (record === undefined) return;
    this.#records.set(token, record);
    const missing = steps.find(
      (step, at) => !record.steps[step] && record.steps[steps[at + 1] ?? ''],
    );
    if (missing !== undefined) broken('order', `${token} has gone further without ${missing}`);
    if (known === undefined) return;
    const lost = Object.keys(known.steps).filter((step) => record.steps[step] === undefined);
    if (lost.length > 0) broken('record', `${lost.join(', ')} of ${token} is forgotten`);
    if (record.basedOn !== known.basedOn) broken('record', `${token} has another base`);
  }

  /** Compare-and-swap: what is promoted was made for what it replaces. */
  async #noteMove(to: string): Promise<void> {
    const from = this.#current;
    if (from === to) return;
    this.#current = to;
    if (from === undefined) return;
    this.promotions.push({ from, to, alters: this.#room.cluster?.alters.length ?? 0 });
    const record = await this.#world.control.getRotation(secretName, to);
    if (record !== undefined && record.basedOn !== from) {
      broken('CAS', `${to} is based on ${record.basedOn} and replaced ${from}`);
    }
  }

  /** I5: a key that was in use opens what it sealed; only a tombstone says otherwise. */
  #keysLive(text: string): void {
    const keys: Key[] = text.includes('"keyset"') ? JSON.parse(text).keyset.keys : [];
    for (const { kid, k, state } of keys) {
      const known = this.#keys.get(kid);
      if (k === undefined && state !== 'revoked') broken('I5', `${kid} is ${state} without a key`);
      if (k !== undefined && known !== undefined && known !== k) broken('I5', `${kid} changed`);
      if (k !== undefined) this.#keys.set(kid, k);
    }
    const kept = new Set(keys.map(({ kid }) => kid));
    const lost = [...this.#keys.keys()].filter((kid) => !kept.has(kid));
    if (keys.length > 0 && lost.length > 0) broken('I5', `${lost.join(', ')} vanished`);
  }

  /**
   * I2: what the server accepts is in a version that a label holds; of alternating users AWSCURRENT itself logs in.
   * I7: a stranger's role is as it was.
   */
  async #rolesKnown(labelled: readonly string[], current: string): Promise<void> {
    const { cluster, kind } = this.#room;
    if (cluster === undefined) return;
    if (!cluster.accepts(stranger)) broken('I7', `${stranger.username} was changed`);
    const [inUse] = credentialIn(this.#values.get(current));
    if (inUse === undefined) broken('I1', 'AWSCURRENT holds no credential');
    if (kind === 'multiUser') {
      if (!cluster.accepts(inUse)) broken('I2', 'AWSCURRENT does not log in');
      return;
    }
    // Closed is no way in for anybody: an emergency is about to open it again.
    if (cluster.roles.get(inUse.username)?.login !== true) return;
    const stored = labelled.flatMap((id) => credentialIn(this.#values.get(id)));
    for (const world of this.beside) {
      const ids = Object.keys(await world.stages());
      const texts = await Promise.all(ids.map((id) => world.valueOf(id)));
      stored.push(...texts.flatMap(credentialIn));
    }
    if (!stored.some((one) => cluster.accepts(one))) {
      broken('I2', `no labelled version holds what the server accepts for ${inUse.username}`);
    }
  }

  /** When nobody has anything left to do. */
  async settled(): Promise<void> {
    await this.look();
    const labels = await this.#world.labels();
    expect([undefined, labels.AWSCURRENT]).toContain(labels.AWSPENDING);
    for (const versionId of Object.keys(await this.#world.stages())) {
      if ((await this.#world.valueOf(versionId)) === undefined) {
        broken('trace', `${versionId} is labelled and has no value`);
      }
    }
    const lease = await this.#world.control.getLease(secretName);
    if (lease !== undefined && new Date(lease.expiresAt) > this.#world.clock.now()) {
      broken('trace', `a lease of ${lease.owner} for ${lease.token} is left`);
    }
    const inUse = await Promise.all(
      [this.#world, ...this.beside].map(async (world) =>
        credentialIn(await world.valueOf((await world.labels()).AWSCURRENT ?? '')),
      ),
    );
    const works = inUse.flat().map((one) => this.#room.cluster?.accepts(one));
    if (works.length > 0 && !works.includes(true)) broken('I3', 'AWSCURRENT does not log in');
  }

  /** Changes of roles after AWSCURRENT moved last. */
  altersSincePromotion(): number {
    const all = this.#room.cluster?.alters.length ?? 0;
    return all - (this.promotions.at(-1)?.alters ?? all);
  }
}

export function credentialIn(text: string | undefined): Credential[] {
  return text?.includes('"username"') ? [JSON.parse(text) as Credential] : [];
}

export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

export function broken(which: string, found: string): never {
  throw new InvariantError(`${which}: ${found}`);
}

/** Processes write and read the same rows, all of them all rows, through rotations of one encryption secret. */

import { randomBytes } from 'node:crypto';
import { FieldCipher } from '../../client/fields/field-cipher.ts';
import { type FieldKeys, fieldKeys } from '../../client/fields/field-keys.ts';
import { SecretCache } from '../../client/secret-cache.ts';
import { injectedSecret } from '../../client/sources/injected.ts';
import { EncryptionStrategy } from '../../lambdas/encryption/encryption-strategy.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { inMemoryEscrow } from '../doors/in-memory-escrow.ts';
import { RotationWorld } from '../in-process/rotation-world.ts';
import { drawn, type Form } from './form.ts';
import { type Instance, instanceOf, type Learns } from './keyset-instance.ts';
import { keysetRounds, type Moment, Orders } from './keyset-rounds.ts';
import { adopted, later, sourceOf, systemOf } from './reader.ts';
import { Tally } from './tally.ts';

const column = 'patients.ssn';
const key = { bits: 256, encoding: 'base64' } as const;
/** What the application wrote before Quarterturn. */
const raw = { name: 'raw', encoding: 'base64' } as const;
const settings = { [column]: { profile: 'row', accepts: [raw], beforeKeyset: raw } } as const;
const parse = fieldKeys({ plain: key });

interface Process {
  readonly instance: Instance<FieldKeys>;
  cipher: FieldCipher;
}

interface Row {
  readonly stored: string;
  readonly plaintext: string;
}

export interface FieldLoad {
  readonly rotations: number;
  readonly decrypts: Tally;
  readonly encrypts: Tally;
  /** Every row, with the keyset as it is in the end. */
  readonly inTheEnd: Tally;
  readonly naive: readonly Tally[];
  readonly missingOrders: readonly string[];
  /** Under how many keys the rows are in the end. */
  readonly kids: number;
}

/** An adopted secret: one key, no keyset, values that name no key; its first rotation makes the keyset. */
async function fieldWorld(): Promise<RotationWorld<unknown>> {
  const world = await RotationWorld.start<unknown>({
    // As long as a rotation takes where requests are made: who reads meanwhile has the time it would have.
    throughSdk: true,
    initial: randomBytes(key.bits / 8).toString('base64'),
    control: inMemoryControlTable(),
    escrow: inMemoryEscrow(),
    room: () => ({
      strategy: new EncryptionStrategy({
        field: 'ENCRYPTION_KEY',
        ...key,
      }) as RotationStrategy<unknown>,
      companions: {},
    }),
  });
  await adopted(world);
  return world;
}

async function fieldProcess(
  world: RotationWorld<unknown>,
  learns: Learns,
  parseKeys = parse,
): Promise<Process> {
  const made: Partial<Process> = {};
  const instance = await instanceOf(world, learns, parseKeys, (cache) => {
    made.cipher = new FieldCipher(cache, settings, { system: systemOf(world) });
  });
  return Object.assign(made, { instance }) as Process;
}

export async function fieldLoad({ fieldRotations, opensPerLook }: Form): Promise<FieldLoad> {
  const world = await fieldWorld();
  const processes = await Promise.all(
    (['by itself', 'by itself', 'by restart', 'starts now', 'cut off'] as const).map((learns) =>
      fieldProcess(world, learns),
    ),
  );
  const currentAlone = await fieldProcess(world, 'by itself', currentKeyAlone);
  const neverRestarted = new FieldCipher(
    new SecretCache(injectedSecret('SECRET', { SECRET: (await world.text()) ?? '' }), {
      parse,
      system: systemOf(world),
    }),
    settings,
  );
  const hasty = new FieldCipher(
    new SecretCache(sourceOf(world).source, {
      parse: (text) => parse(publishedIsPrimary(text)),
      system: systemOf(world),
      maxAge: 1_000,
    }),
    settings,
  );
  const [decrypts, encrypts, inTheEnd] = [
    new Tally('decrypts'),
    new Tally('encrypts'),
    new Tally('every row, in the end'),
  ];
  const current = new Tally('decrypts with the current key alone');
  const never = new Tally('keyset of the start, never read again');
  const atOnce = new Tally('encrypts with the new key at once');
  const orders = new Orders();
  const rows = new Map<number, Row>();
  const rowCount = opensPerLook * 5;
  let written = 0;
  let looks = 0;

  /** Rows are written over and over; one of each look is not, and stays under the key of its time. */
  async function write(
    { cipher }: Pick<Process, 'cipher'>,
    id = Math.floor(drawn.draw() * rowCount),
  ): Promise<void> {
    written += 1;
    const plaintext = `value ${written}`;
    const stored = await encrypts.count(() => cipher.encrypt(column, plaintext, [String(id)]));
    if (stored !== undefined) rows.set(id, { stored, plaintext });
  }

  async function read(moment: Moment, { cipher, instance }: Process): Promise<void> {
    const ids = [...rows.keys()];
    for (let opened = 0; opened < opensPerLook; opened += 1) {
      const id = drawn.draw(ids);
      const { stored, plaintext } = rows.get(id) as Row;
      await decrypts.count(async () =>
        equal(await cipher.decrypt(column, stored, [String(id)]), plaintext),
      );
      if (opened % 10 === 0) await write({ cipher });
    }
    // What each of the others has written a moment ago.
    for (const other of processes) {
      const stored = await other.cipher.encrypt(column, 'now', ['0']);
      orders.saw(moment, other.instance, instance);
      await decrypts.count(() => cipher.decrypt(column, stored, ['0']));
    }
  }

  async function look(moment: Moment): Promise<void> {
    for (const process of processes) await write(process);
    await write(processes[0] as Process, rowCount + looks);
    looks += 1;
    // All at the same time: a value is read by some while others write over it.
    await Promise.all(processes.map((process) => read(moment, process)));
    for (const [id, { stored }] of [...rows].slice(0, opensPerLook)) {
      await current.count(() => currentAlone.cipher.decrypt(column, stored, [String(id)]));
      await never.count(() => neverRestarted.decrypt(column, stored, [String(id)]));
    }
    const stored = await hasty.encrypt(column, 'at once', ['0']);
    for (const { cipher } of processes) {
      await atOnce.count(() => cipher.decrypt(column, stored, ['0']));
    }
    if (moment.phase === 'activated' && moment.when === 'afterwards') {
      await later(world, 86_400_000 * (0.9 + drawn.draw() / 5));
    }
  }

  try {
    const instances = [...processes.map(({ instance }) => instance), currentAlone.instance];
    await keysetRounds(world, fieldRotations, instances, look);
    const fresh = await fieldProcess(world, 'by itself');
    const kids = new Set<string>();
    for (const [id, { stored, plaintext }] of rows) {
      kids.add(stored.startsWith('qt1.') ? (stored.split('.')[1] ?? '') : 'before');
      await inTheEnd.count(async () =>
        equal(await fresh.cipher.decrypt(column, stored, [String(id)]), plaintext),
      );
    }
    return {
      rotations: fieldRotations,
      decrypts,
      encrypts,
      inTheEnd,
      naive: [current, never, atOnce],
      missingOrders: orders.missing(),
      kids: kids.size,
    };
  } finally {
    world.stop();
  }
}

function equal(found: string, expected: string): void {
  if (found !== expected) throw new Error('another plaintext');
}

/** As a reader of the one variable sees it. */
function currentKeyAlone(text: string): FieldKeys {
  if (!text.startsWith('{')) return parse(text);
  const value = JSON.parse(text);
  value.keyset.keys = value.keyset.keys.filter(
    ({ state }: { state: string }) => state === 'primary',
  );
  return parse(JSON.stringify(value));
}

/** A writer that does not wait for the activation. */
function publishedIsPrimary(text: string): string {
  if (!text.startsWith('{')) return text;
  const value = JSON.parse(text);
  const { keys } = value.keyset;
  const published = keys.find(({ state }: { state: string }) => state === 'published');
  if (published !== undefined) {
    const primary = keys.find(({ state }: { state: string }) => state === 'primary');
    primary.state = 'decryptOnly';
    Object.assign(published, { state: 'primary', primarySince: published.createdAt });
    value.ENCRYPTION_KEY = published.k;
  }
  return JSON.stringify(value);
}

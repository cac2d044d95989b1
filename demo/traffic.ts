/**
 * An application at work on the prescriptions: readers that open what they read, writers that seal what they
 * write, each with a login, a session and a keyset of its own. It counts what failed and what was lost.
 */
import {
  type FieldCipher,
  fieldKeys,
  SecretCache,
  type SecretSource,
  StaleSecretError,
} from '../client/index.ts';
import type { Clock } from '../doors/clock.ts';
import type { Session } from '../doors/postgres/door.ts';
import type { Prescription } from './data/data-set.ts';
import type { SealedColumn } from './data/sealed-columns.ts';
import { SeededSequence } from './data/seeded-sequence.ts';
import { rests } from './rests.ts';
import { cipherOver, rowOf } from './sealed-fields.ts';

export interface TrafficParts {
  /** The encryption secret. */
  source: SecretSource;
  /** The sandbox's. */
  now(): Date;
  /** What the configuration calls `readerCache`. */
  cacheSeconds: number;
  /** Logs in as the application does, for as long as `work` takes. */
  withDatabase<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Of the machine, not of the sandbox: traffic flows while the sandbox's time stands still. */
  clock: Clock;
  /** Ids are 1 to `rows`. */
  rows: number;
  /** What row `id` was made with. */
  prescription(id: number): Prescription;
}

export interface Tally {
  /** Rows whose three fields were opened and compared, and those where one did not open or was another one. */
  reads: number;
  failedReads: number;
  updates: number;
  /** Updates that were acknowledged, and are not what the row holds now. */
  lostUpdates: number;
  /** How often somebody read the secret. */
  keysetReads: number;
  /** Of the failures, without a value. */
  reasons: string[];
}

const readers = 2;
const writers = 2;
/** A page of prescriptions. */
const rowsPerRead = 20;
/** So that reading and writing leave the machine to others, too. */
const pauseMilliseconds = { read: 12 * rests, write: 6 * rests };
const reasonsKept = 3;

interface Row extends Record<string, unknown> {
  id: number;
  medication: string;
  dosage: string;
  note: string;
}

export class LiveTraffic {
  readonly #parts: TrafficParts;
  readonly #tally: Tally = {
    reads: 0,
    failedReads: 0,
    updates: 0,
    lostUpdates: 0,
    keysetReads: 0,
    reasons: [],
  };
  /** The last note each row was given here. */
  readonly #written = new Map<number, string>();
  #workers: Promise<void>[] = [];
  #stopping = false;

  private constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  static start(parts: TrafficParts): LiveTraffic {
    const traffic = new LiveTraffic(parts);
    const loops = [
      ...Array.from({ length: readers }, (_, n) => traffic.#run(n, 'read')),
      ...Array.from({ length: writers }, (_, n) => traffic.#run(n, 'write')),
    ];
    traffic.#workers = loops;
    // Whoever ends early is told when the traffic is stopped, and is no unhandled rejection before.
    for (const loop of loops) {
      loop.catch(() => undefined);
    }
    return traffic;
  }

  /** @throws what a reader or writer could not go on after: a lost session, a refused statement */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers);
  }

  /** Compares every row that was written with what it holds now. After `stop`. */
  async tally(): Promise<Tally> {
    const cipher = this.#cipher();
    const ids = [...this.#written.keys()];
    const rows = await this.#parts.withDatabase((session) =>
      session.query<{ id: number; note: string }>(
        'SELECT id::int AS id, note FROM public.prescriptions WHERE id = ANY($1::bigint[])',
        [ids],
      ),
    );
    const now = new Map<number, string | undefined>();
    for (const { id, note } of rows) {
      const opened = await open(cipher, 'prescriptions.note', id, note).catch(() => undefined);
      now.set(id, opened);
    }
    const lostUpdates = ids.filter((id) => now.get(id) !== this.#written.get(id)).length;
    return { ...this.#tally, lostUpdates };
  }

  #run(number: number, kind: 'read' | 'write'): Promise<void> {
    const { withDatabase, clock } = this.#parts;
    const cipher = this.#cipher();
    const sequence = new SeededSequence(1 + number + (kind === 'read' ? 0 : readers));
    return withDatabase(async (session) => {
      while (!this.#stopping) {
        await (kind === 'read'
          ? this.#read(session, cipher, sequence)
          : this.#write(session, cipher, sequence, number));
        await clock.sleep(pauseMilliseconds[kind]);
      }
    });
  }

  async #read(session: Session, cipher: FieldCipher, sequence: SeededSequence): Promise<void> {
    const first = sequence.between(1, this.#parts.rows - rowsPerRead + 1);
    const rows = await session.query<Row>(
      `SELECT id::int AS id, medication, dosage, note FROM public.prescriptions
        WHERE id BETWEEN $1 AND $2`,
      [first, first + rowsPerRead - 1],
    );
    for (const row of rows) {
      this.#tally.reads += 1;
      try {
        const opened = await askedAgain(() => openRow(cipher, row));
        const expected = this.#parts.prescription(row.id);
        if (opened.medication !== expected.medication || opened.dosage !== expected.dosage) {
          this.#failed(`prescription ${row.id} opens to another text`);
        }
      } catch (error) {
        this.#failed(error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** Each writer has rows of its own, so that its last word is the row's. */
  async #write(
    session: Session,
    cipher: FieldCipher,
    sequence: SeededSequence,
    number: number,
  ): Promise<void> {
    const id = sequence.between(1, Math.floor(this.#parts.rows / writers)) * writers - number;
    const note = `reviewed, entry ${this.#tally.updates + 1}`;
    const sealed = await askedAgain(() => cipher.encrypt('prescriptions.note', note, [id]));
    await session.query('UPDATE public.prescriptions SET note = $2 WHERE id = $1', [id, sealed]);
    this.#written.set(id, note);
    this.#tally.updates += 1;
  }

  /** With a cache of its own, of which two fifths are an ordinary age. */
  #cipher(): FieldCipher {
    const { source, cacheSeconds, now } = this.#parts;
    return cipherOver(
      new SecretCache(source, {
        parse: fieldKeys(),
        maxAge: cacheSeconds * 400,
        staleFor: cacheSeconds * 600,
        onRead: () => {
          this.#tally.keysetReads += 1;
        },
        system: { now, chance: () => 0.5, warn: ({ message }) => this.#failed(message) },
      }),
    );
  }

  #failed(reason: string): void {
    this.#tally.failedReads += 1;
    if (this.#tally.reasons.length < reasonsKept) {
      this.#tally.reasons.push(reason);
    }
  }
}

const tries = 20;

/**
 * The sandbox's time jumps by minutes, also under one read of the secret after the other; the client then refuses to
 * use what it has read. No machine's time does that. Whoever is told so asks again.
 */
async function askedAgain<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let left = tries; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StaleSecretError) || left === 0) throw error;
    }
  }
}

async function openRow(cipher: FieldCipher, { id, medication, dosage, note }: Row) {
  return {
    medication: await open(cipher, 'prescriptions.medication', id, medication),
    dosage: await open(cipher, 'prescriptions.dosage', id, dosage),
    note: await open(cipher, 'prescriptions.note', id, note),
  };
}

const open = (cipher: FieldCipher, column: SealedColumn, id: number, stored: string) =>
  cipher.decrypt(column, stored, rowOf(column, id));

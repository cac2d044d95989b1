/**
 * An application that never stops: it reads, looks up by blind index, writes, locks, deletes and inserts, and
 * knows of every row what must be in it.
 */
import { createHmac } from 'node:crypto';
import type { CipherKey, KeyRing } from '../../../domain/ciphertext/keys.ts';
import type { Session } from '../../../doors/postgres/door.ts';
import { bound, type Clinic, keep, opened, sealed } from './clinic.ts';
import type { Drawer } from './seeded.ts';

export interface Application {
  /** Under which each of its processes seals; the last one is the last to hear of a new key. */
  readonly sealsUnder: CipherKey[];
  operations(): number;
  readonly failures: string[];
  /** Ends, looks at every row once more and says what went wrong. */
  stop(): Promise<{ operations: number; failures: readonly string[] }>;
}

const here = bound('patients.ssn');
const blindKey = 'a key of its own, which is not rotated';

/** Equal plaintexts have equal indexes, whatever key seals them. */
function blindIndex(plaintext: string): string {
  return createHmac('sha256', blindKey).update(plaintext).digest('base64url');
}

export async function makePatients(clinic: Clinic, rows: number, key: CipherKey): Promise<void> {
  await clinic.sql('drop table if exists patients');
  await clinic.sql(
    'create table patients (id int primary key, ssn text, ssn_index text unique) with (fillfactor = 80)',
  );
  await clinic.sql('grant select (id, ssn), update (ssn) on patients to reencryption');
  await clinic.sql('grant select, insert, update, delete on patients to app');
  const texts = Array.from({ length: rows }, (_, id) => firstOf(id));
  await clinic.sql(
    'insert into patients select i - 1, v, b from unnest($1::text[], $2::text[]) with ordinality u(v, b, i)',
    [texts.map((text) => sealed(text, key, here)), texts.map(blindIndex)],
  );
}

const firstOf = (id: number) => `first ${id}`;

/** Every process has rows of its own, so that it knows what must be in them. */
export async function startApplication(
  clinic: Clinic,
  { draw }: Drawer,
  options: { rows: number; processes: number; key: CipherKey; reads: KeyRing },
): Promise<Application> {
  const { rows, processes, key, reads } = options;
  const sealsUnder = Array.from({ length: processes }, () => key);
  const failures: string[] = [];
  const truth = new Map(Array.from({ length: rows }, (_, id) => [id, firstOf(id)]));
  let operations = 0;
  let isRunning = true;
  const check = (what: string, id: number, stored: string | undefined) => {
    operations += 1;
    try {
      const found = stored === undefined ? undefined : opened(stored, here, reads);
      if (found !== truth.get(id)) {
        failures.push(`${what} ${id}: found ${found}, expected ${truth.get(id)}`);
      }
    } catch (error) {
      failures.push(`${what} ${id}: ${(error as Error).message}`);
    }
  };
  const process = async (nth: number, session: Session) => {
    const value = (id: number) => {
      const text = `written ${id} ${operations} by ${nth}`;
      const under = sealsUnder[nth] ?? key;
      return { text, parameters: [id, sealed(text, under, here), blindIndex(text)] };
    };
    const read = async (id: number, lock = '') => {
      const sql = `select ssn from patients where id = $1 ${lock}`;
      const [row] = await session.query<{ ssn: string }>(sql, [id]);
      check('read', id, row?.ssn);
    };
    const write = async (id: number) => {
      const { text, parameters } = value(id);
      const sql = 'update patients set ssn = $2, ssn_index = $3 where id = $1';
      await session.query(sql, parameters);
      operations += 1;
      truth.set(id, text);
    };
    while (isRunning) {
      const id = Math.floor(draw() * (rows / processes)) * processes + nth;
      const what = draw();
      if (what < 0.5) {
        await read(id);
      } else if (what < 0.65) {
        const [row] = await session.query<{ ssn: string }>(
          'select ssn from patients where ssn_index = $1',
          [blindIndex(truth.get(id) ?? '')],
        );
        check('look up', id, row?.ssn);
      } else if (what < 0.88) {
        await write(id);
      } else if (what < 0.95) {
        await session.transaction(async () => {
          await read(id, 'for update');
          await write(id);
        });
      } else {
        const { text, parameters } = value(id);
        await session.query('delete from patients where id = $1', [id]);
        await session.query('insert into patients values ($1, $2, $3)', parameters);
        operations += 2;
        truth.set(id, text);
      }
    }
  };
  const running = Array.from({ length: processes }, async (_, nth) => {
    const login = { username: 'app', password: 'of the application' };
    const app = await keep(clinic.endpoint, login);
    try {
      await process(nth, app.session);
    } catch (error) {
      failures.push(`process ${nth} ended: ${(error as Error).message}`);
    } finally {
      await app.close();
    }
  });
  return {
    sealsUnder,
    operations: () => operations,
    failures,
    async stop() {
      isRunning = false;
      await Promise.all(running);
      const found = await clinic.sql<{ id: number; ssn: string }>('select id, ssn from patients');
      for (const { id, ssn } of found) {
        check('last look', id, ssn);
      }
      if (found.length !== rows) {
        failures.push(`${found.length} rows, expected ${rows}`);
      }
      return { operations, failures };
    },
  };
}

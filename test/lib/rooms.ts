/** A built folder with a one-line bundle per room: templates do not depend on what a bundle holds. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const rooms = ['after-rotation', 'cadence', 'database', 'encryption', 'jwt', 'starter'];

/** Runs `work` with a temporary folder that holds `lambdas/<room>/index.mjs`. */
export function withRooms<T>(work: (lambdasDirectory: string, directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'quarterturn-lib-'));
  try {
    const lambdas = join(directory, 'lambdas');
    for (const room of rooms) {
      mkdirSync(join(lambdas, room), { recursive: true });
      writeFileSync(join(lambdas, room, 'index.mjs'), `export const handler = '${room}';\n`);
    }
    return work(lambdas, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

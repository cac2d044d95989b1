/** A built folder with a one-line bundle per room: templates do not depend on what a bundle holds. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The CDK notes where each finding was accepted, and Jest looks every frame up in its source maps: of a hundred.
Error.stackTraceLimit = 10;

const lambdas = join(import.meta.dirname, '..', '..', 'lambdas');
const rooms = readdirSync(lambdas).filter((room) => existsSync(join(lambdas, room, 'handler.ts')));

/** Runs `work` with a temporary folder that holds `lambdas/<room>/index.mjs`. */
export function withRooms<T>(work: (lambdasDirectory: string, directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'quarterturn-lib-'));
  try {
    const built = join(directory, 'lambdas');
    for (const room of rooms) {
      mkdirSync(join(built, room), { recursive: true });
      writeFileSync(join(built, room, 'index.mjs'), `export const handler = '${room}';\n`);
    }
    return work(built, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

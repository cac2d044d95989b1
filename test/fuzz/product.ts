/** The product's own modules, found in the tree: what is fuzzed is held against what there is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

const rooms = ['domain', 'doors', 'lambdas', 'client', 'cli'];

export interface Module {
  /** From the root of the tree. */
  file: string;
  text: string;
}

export const modules: readonly Module[] = rooms.flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => ({
      file: `${room}/${file}`,
      text: readFileSync(join(root, room, file), 'utf8'),
    })),
);

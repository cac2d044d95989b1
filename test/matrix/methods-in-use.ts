/** Which methods of which doors the rooms call, read from their source: what the matrix has to meet. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const lambdas = join(import.meta.dirname, '../../lambdas');
/** As the doors are called where they are used; `records`: what an operation is given of the control table. */
const calls = /\b(secretsManager|controlTable|records|escrow|kmsRandom)\??\.\s*(\w+)\s*\(/g;

export function methodsInUse(...rooms: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const room of rooms) {
    const folder = join(lambdas, room);
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      for (const [, door, method] of readFileSync(join(folder, file), 'utf8').matchAll(calls)) {
        found.add(`${door === 'records' ? 'controlTable' : door}.${method}`);
      }
    }
  }
  return found;
}

/** `createSecret/controlTable.getLease#2` → `controlTable.getLease` */
export const methodOf = (site: string): string => /\/([^/#]+)#/.exec(site)?.[1] ?? site;

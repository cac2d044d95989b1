/** The names of facts that the functions of the four steps record as evidence, read from their sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const lambdas = join(import.meta.dirname, '..', '..', '..', 'lambdas');

export function evidenceOfRooms(): ReadonlySet<string> {
  const files = ['rotation', 'jwt', 'encryption', 'database'].flatMap((room) =>
    readdirSync(join(lambdas, room), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(room, file),
    ),
  );
  const texts = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(lambdas, file), 'utf8'));
  const found = texts.flatMap((text) => [...text.matchAll(/\bfact: '([a-z][a-zA-Z]+)'/g)]);
  return new Set(found.flatMap(([, fact]) => fact ?? []));
}

/** Every schema the product exports, alone or in a table of them, by where it stands. */
import type * as z from 'zod';
import { definitionOf } from './of-schema.ts';
import { modules } from './product.ts';

export interface Schema {
  name: string;
  schema: z.ZodType;
}

const isSchema = (value: unknown): value is z.ZodType =>
  typeof value === 'object' && value !== null && '_zod' in value;

export async function schemas(): Promise<Schema[]> {
  // A schema stands in a module that builds one; only these are loaded, and no handler, which would start a function.
  const found = modules.filter(
    ({ file, text }) =>
      /\bz\.\w+\(/.test(text) && /^export /m.test(text) && !/handler\.ts$/.test(file),
  );
  const all: Schema[] = [];
  for (const { file } of found) {
    const exports: Record<string, unknown> = await import(`../../${file}`);
    for (const [name, value] of Object.entries(exports)) {
      if (isSchema(value)) all.push({ name: `${file}: ${name}`, schema: value });
      else if (typeof value === 'object' && value !== null) {
        for (const [key, member] of Object.entries(value)) {
          if (isSchema(member)) all.push({ name: `${file}: ${name}.${key}`, schema: member });
        }
      }
    }
  }
  return all;
}

/** Does anything in it change what it reads? Then what was read is not read again as the same. */
export function transforms(schema: z.ZodType, seen = new Set<z.ZodType>()): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  const { type, shape = {}, options = [], items = [], checks, ...more } = definitionOf(schema);
  if (type === 'pipe' || type === 'transform' || type === 'catch') return true;
  if (checks?.some(({ _zod }) => _zod.def.check === 'overwrite')) return true;
  const parts = [
    ...Object.values(shape),
    ...options,
    ...items,
    ...[more.element, more.innerType, more.valueType, more.keyType, more.left, more.right],
  ];
  return parts.some((part) => part !== undefined && transforms(part, seen));
}

/** docs/events.md against the schemas: the same fields, and examples that they take. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type * as z from 'zod';
import { announcedSchema } from '../../domain/events/announced.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8');
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [/^`([a-z-]+)`, version 1$/m.exec(section)?.[1] ?? '', section]),
);
const schemas = announcedSchema.options.map(
  (schema) => [schema.shape.type.value, schema as z.ZodObject] as const,
);

/** `secret.name`, `columns[]`, `columns[].rewritten`: every field, as the page spells it. */
function fieldsOf(schema: z.core.$ZodType, path: string): string[] {
  const { type, shape, innerType, element } = schema._zod.def as unknown as {
    type: string;
    shape?: Record<string, z.core.$ZodType>;
    innerType?: z.core.$ZodType;
    element?: z.core.$ZodType;
  };
  if (innerType !== undefined) return fieldsOf(innerType, path);
  if (type === 'array' && element !== undefined) {
    const list = `${path}[]`;
    return [...new Set([list, ...fieldsOf(element, list)])];
  }
  if (shape === undefined) return [path];
  return Object.entries(shape).flatMap(([name, field]) =>
    fieldsOf(field, path === '' ? name : `${path}.${name}`),
  );
}

const described = (section: string): string[] =>
  [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, names]) =>
    [...(names ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
  );

test('the page has a section for every type, and no other', () => {
  expect([...sections.keys()].sort()).toEqual(schemas.map(([type]) => type).sort());
});

describe.each(schemas)('%s', (type, schema) => {
  const section = sections.get(type) ?? '';

  test('has every field of its schema in the table, and no other', () => {
    expect(described(section).sort()).toEqual(fieldsOf(schema, '').sort());
  });

  test('has an example that the schema takes, with the fields as they come', () => {
    const [json] = [...section.matchAll(/^```json\n(.*?)^```/gms)].map(([, text]) => text ?? '');
    const example: unknown = JSON.parse(json ?? '');
    expect(announcedSchema.parse(example)).toEqual(example);
    expect(example).toMatchObject({ type });
  });
});

/** Which fields a place of the configuration may have, read from the schema itself. */
import type * as z from 'zod';

/** Zod's own description of a schema, as far as it is walked here. */
interface Definition {
  type: string;
  shape?: Record<string, z.core.$ZodType>;
  innerType?: z.core.$ZodType;
  valueType?: z.core.$ZodType;
  element?: z.core.$ZodType;
  in?: z.core.$ZodType;
  options?: readonly z.core.$ZodType[];
  discriminator?: string;
}
const definitionOf = (schema: z.core.$ZodType): Definition =>
  schema._zod.def as unknown as Definition;

/** `input`: what stands there; its `kind` picks the one shape that is meant. */
export function knownFields(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  input: unknown,
): string[] {
  const definition = definitionOf(schema);
  const inner = definition.innerType ?? definition.in;
  if (inner !== undefined) return knownFields(inner, path, input);
  if (definition.options !== undefined) {
    return meant(definition, input).flatMap((option) => knownFields(option, path, input));
  }
  const [next, ...rest] = path;
  if (next === undefined) return Object.keys(definition.shape ?? {});
  const child = definition.shape?.[String(next)] ?? definition.valueType ?? definition.element;
  const found = (input as Record<PropertyKey, unknown> | null | undefined)?.[next];
  return child === undefined ? [] : knownFields(child, rest, found);
}

function meant({ options = [], discriminator }: Definition, input: unknown) {
  if (discriminator === undefined) return options;
  const kind = (input as Record<string, unknown> | null | undefined)?.[discriminator];
  const fitting = options.filter((option) => {
    const field = definitionOf(option).shape?.[discriminator];
    return field !== undefined && (field._zod.values as Set<unknown> | undefined)?.has(kind);
  });
  return fitting.length > 0 ? fitting : options;
}

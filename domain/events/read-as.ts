import * as z from 'zod';

/**
 * Does `value`, which somebody else wrote, fit `schema`? A yes with what was read, or a no with its reasons; never an
 * error of another kind.
 *
 * zod asks for the length of whatever has one, also where it expected a string; when that is an object whose `toString`
 * and `valueOf` JSON has overwritten, comparing it throws (https://tc39.es/ecma262/#sec-ordinarytoprimitive).
 */
export function readAs<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.ZodSafeParseResult<z.output<Schema>> {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (!isIncomparable(error)) throw error;
    const message = 'expected a value whose length is a number';
    const reasons = new z.ZodError([{ code: 'custom', path: [], message, input: undefined }]);
    return { success: false, error: reasons as z.ZodError<z.output<Schema>> };
  }
}

/** Any other TypeError is a mistake of ours in a rule. */
const isIncomparable = (error: unknown): boolean =>
  error instanceof TypeError && error.message === 'Cannot convert object to primitive value';

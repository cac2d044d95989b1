import * as z from 'zod';
import { rotationEnvironmentSchema, wholeNumber } from '../rotation/environment.ts';

export const jwtEnvironmentSchema = rotationEnvironmentSchema.extend({
  /** Name of the flat field that holds the primary key, e.g. `JWT_SECRET`. */
  FIELD: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/),
  BITS: wholeNumber,
  ENCODING: z.enum(['base64', 'base64url', 'hex', 'text']),
  /** How long signers may go on with the old key + longest token life + leeway, in seconds. */
  ACCEPT_FOR_SECONDS: wholeNumber,
});
export type JwtEnvironment = z.input<typeof jwtEnvironmentSchema>;

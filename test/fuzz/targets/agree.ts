/** What targets are put together with. */
import { isDeepStrictEqual } from 'node:util';
import type { Target } from '../target.ts';

/** Two readings of one input that should be the same. */
export function agree(one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other)) {
    throw new Error('what was read is not read, or written, again as the same');
  }
}

/** Checked against its own input; side by side with targets of others. */
export const target = <Input>(one: Target<Input>): Target<never> => one as unknown as Target<never>;

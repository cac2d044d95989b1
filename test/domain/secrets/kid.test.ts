/** Readers in any language compute the id of a key they hold: these bytes may never change. */
import { expect, test } from '@jest/globals';
import { kidOf } from '../../../domain/secrets/kid.ts';

test.each([
  // printf 'quarterturn kid v1' and the bytes, through sha256sum
  ['32 bytes of zero', Buffer.alloc(32), '0a41c2e148c96e07'],
  ['0, 1, 2 … 31', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), '8181769a73c95451'],
])('the id of a generated key is told by its bytes alone: %s', (_what, key, kid) => {
  expect(kidOf(key)).toBe(kid);
});

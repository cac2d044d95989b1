import { describe, test } from '@jest/globals';
import { rows } from './ciphertexts.ts';
import { expectPromises } from './row.ts';

describe('a ciphertext that is not what it says opens as nothing, and nothing of it is told', () => {
  test.each(rows.map((row) => [row.item, row.title, row] as const))(
    '%i: %s',
    (_item, _title, row) => expectPromises(row),
  );
});

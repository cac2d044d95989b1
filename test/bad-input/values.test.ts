import { describe, test } from '@jest/globals';
import { expectPromises } from './row.ts';
import { rows } from './values.ts';

describe('a bad value is refused before anything is done, and nothing of it is told', () => {
  test.each(rows.map((row) => [row.item, row.title, row] as const))(
    '%i: %s',
    (_item, _title, row) => expectPromises(row),
  );
});

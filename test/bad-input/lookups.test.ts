import { describe, test } from '@jest/globals';
import { rows } from './lookups.ts';
import { expectPromises } from './row.ts';

describe('a name that leads to a private address is not asked', () => {
  test.each(rows.map((row) => [row.item, row.title, row] as const))(
    '%i: %s',
    (_item, _title, row) => expectPromises(row),
  );
});

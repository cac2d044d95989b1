import { describe, expect, test } from '@jest/globals';
import { draftOf, rows, textOf } from './keysets.ts';
import { expectPromises } from './row.ts';
import { onStage, step } from './stage.ts';

describe('a bad keyset is refused before anything is done, and nothing of it is told', () => {
  test.each(rows.map((row) => [row.item, row.title, row] as const))(
    '%i: %s',
    (_item, _title, row) => expectPromises(row),
  );
});

test('what the rows begin with is taken: jwt', async () => {
  const current = textOf('jwt', draftOf('jwt'), 'x');
  const { work, writes } = await onStage('jwt', { current }, step('createSecret'));
  await expect(work()).resolves.toEqual({ outcome: 'created' });
  expect(writes()).toContain('secretsManager.putPending');
});

test('what the rows begin with is taken: encryption, which goes on to its database', async () => {
  const current = textOf('encryption', draftOf('encryption'), 'x');
  const { work } = await onStage('encryption', { current }, step('createSecret'));
  await expect(work()).rejects.toMatchObject({ code: 'ERR_ROTATION_COMPANION' });
});

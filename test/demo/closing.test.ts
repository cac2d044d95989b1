import { describe, expect, test } from '@jest/globals';
import { Closing } from '../../demo/closing.ts';

describe('closing', () => {
  test('closes in reverse order, once', async () => {
    const closed: number[] = [];
    const closing = new Closing();
    for (const each of [1, 2, 3]) {
      closing.add(async () => void closed.push(each));
    }

    await Promise.all([closing.close(), closing.close()]);

    expect(closed).toEqual([3, 2, 1]);
  });

  test('goes on after a failure, then throws it', async () => {
    const closed: number[] = [];
    const closing = new Closing();
    closing.add(async () => void closed.push(1));
    closing.add(async () => {
      throw new RangeError('refused to close');
    });

    await expect(closing.close()).rejects.toThrow('refused to close');
    expect(closed).toEqual([1]);
  });

  test('closes at once what is opened after it began', async () => {
    const closed: number[] = [];
    const closing = new Closing();
    await closing.close();
    closing.add(async () => void closed.push(1));
    await closing.close();

    expect(closed).toEqual([1]);
  });
});

import { expect, test } from '@jest/globals';
import { combinedRandom, localRandom, type RandomSource } from '../../doors/random.ts';

const fixed = (byte: number): RandomSource => ({
  bytes: async (count) => Buffer.alloc(count, byte),
});

test('both sources are in the result: losing either one changes it', async () => {
  const both = await combinedRandom([fixed(0b1100), fixed(0b1010)]).bytes(64);
  expect(both).toEqual(Buffer.alloc(64, 0b0110));
});

test('a source that gives too little is refused: no part of a key comes from one source alone', async () => {
  const short: RandomSource = { bytes: async (count) => Buffer.alloc(count - 1) };
  await expect(combinedRandom([localRandom, short]).bytes(64)).rejects.toMatchObject({
    code: 'ERR_ROTATION_RANDOM_SOURCE',
  });
});

test('a source that fails fails the whole', async () => {
  const failing: RandomSource = { bytes: async () => Promise.reject(new Error('unreachable')) };
  await expect(combinedRandom([failing, localRandom]).bytes(32)).rejects.toThrow('unreachable');
});

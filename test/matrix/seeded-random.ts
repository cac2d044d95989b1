/** Bytes that are the same in every run: a schedule can be repeated, and two that went the same way end the same. */
import { createHash } from 'node:crypto';

const seed = Number(process.env.SEED ?? 20_260_517);

export function seededRandom(drawn = 0) {
  let draws = drawn;
  return {
    drawn: () => draws,
    bytes(count: number): Buffer {
      const parts: Buffer[] = [];
      for (let length = 0; length < count; length += 32) {
        draws += 1;
        parts.push(createHash('sha256').update(`${seed}/${draws}`).digest());
      }
      return Buffer.concat(parts).subarray(0, count);
    },
  };
}

/** A number below `bound` that follows from the seed and these words. */
export function drawnFrom(bound: number, ...words: readonly (string | number)[]): number {
  const digest = createHash('sha256')
    .update([seed, ...words].join('/'))
    .digest();
  return digest.readUInt32BE(0) % bound;
}

export { seed };

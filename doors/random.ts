/**
 * The door to randomness: KMS GenerateRandom XOR the local CSPRNG, both at full length, so that the
 * result is as good as the better of the two.
 */
import { randomBytes } from 'node:crypto';
import { GenerateRandomCommand, KMSClient } from '@aws-sdk/client-kms';
import { awsCall, clientDefaults } from './aws-call.ts';

export interface RandomSource {
  /** Uniformly random bytes, 1 to 1024 of them. @throws AwsCallError when a source behind it is unreachable */
  bytes(count: number): Promise<Buffer>;
}

export class RandomSourceError extends Error {
  override readonly name = 'RandomSourceError';
  readonly code = 'ERR_ROTATION_RANDOM_SOURCE';
  constructor(found: number, expected: number) {
    super(`A random source gave ${found} bytes, expected ${expected}. Nothing was generated.`);
  }
}

export const localRandom: RandomSource = { bytes: async (count) => randomBytes(count) };

/** API_GenerateRandom (KMS): no key is involved, hence its policy names resource "*". */
export function kmsRandom(client = new KMSClient(clientDefaults)): RandomSource {
  return {
    async bytes(count) {
      const answer = await awsCall('GenerateRandom', () =>
        client.send(new GenerateRandomCommand({ NumberOfBytes: count })),
      );
      return Buffer.from(answer.Plaintext ?? []);
    },
  };
}

/** Both sources at full length, combined: losing or predicting one of them changes nothing. */
export function combinedRandom(sources: readonly RandomSource[]): RandomSource {
  return {
    async bytes(count) {
      const combined = Buffer.alloc(count);
      for (const source of sources) {
        const part = await source.bytes(count);
        if (part.length !== count) {
          throw new RandomSourceError(part.length, count);
        }
        for (let index = 0; index < count; index++) {
          combined[index] = (combined[index] ?? 0) ^ (part[index] ?? 0);
        }
      }
      return combined;
    },
  };
}

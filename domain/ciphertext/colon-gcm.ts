/** `iv:tag:data` or `iv:data:tag`, as Node programs write it, in hex or base64. */
import type { TextFormat } from './format.ts';
import type { NonceBytes } from './gcm.ts';
import { type PartEncodings, partedGcm } from './parted-gcm.ts';

export interface ColonGcmSettings {
  /** Declared, because with 16 bytes of ciphertext both readings fit. */
  order: 'iv:tag:data' | 'iv:data:tag';
  /** @default 'hex' */
  encoding?: PartEncodings | undefined;
  /** Of new ciphertexts; both sizes are read. @default 12 */
  nonceBytes?: NonceBytes | undefined;
}

export function colonGcm({ order, encoding = 'hex', nonceBytes }: ColonGcmSettings): TextFormat {
  const tagFirst = order === 'iv:tag:data';
  return partedGcm({
    name: 'colon-gcm',
    written: order,
    encoding,
    nonceBytes,
    tagApart: true,
    take(text) {
      const [iv, second, third, more] = text.split(':', 4);
      if (iv === undefined || second === undefined || third === undefined || more !== undefined) {
        return undefined;
      }
      return tagFirst ? { iv, tag: second, data: third } : { iv, tag: third, data: second };
    },
    put: ({ iv, tag, data }) => (tagFirst ? `${iv}:${tag}:${data}` : `${iv}:${data}:${tag}`),
  });
}

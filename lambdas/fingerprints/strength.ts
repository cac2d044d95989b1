/**
 * How many bits a value has that nobody can vouch for: one that was adopted, or that its owners chose. A fingerprint
 * of a value that can be guessed would give it away, so the estimate errs low, and what reads like words, an example
 * or an encoded text has none.
 */
import { Buffer } from 'node:buffer';
import { developmentFallback } from '../../domain/secrets/fallbacks.ts';

/** Below it a value has no fingerprints. */
export const leastValueBits = 128;

export type Strength =
  | { readonly strong: true; readonly bitsPerCharacter: number }
  | { readonly strong: false; readonly reason: string };

const weak = (reason: string): Strength => ({ strong: false, reason });

/** @param text one word: no white space */
export function strengthOf(text: string): Strength {
  if (!/^[\x21-\x7e]+$/.test(text)) return weak('it is no single word of visible ASCII');
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    return weak('a UUID has 122 random bits at most, 128 are expected');
  }
  const bitsPerCharacter = Math.log2(alphabetOf(text));
  const bits = Math.floor(bitsPerCharacter * text.length);
  if (bits < leastValueBits) {
    return weak(`it has ${bits} bits at most, ${leastValueBits} are expected`);
  }
  const hex = /^([0-9a-f]{2})+$/i.test(text);
  const bytes = Buffer.from(text, hex ? 'hex' : 'latin1');
  const fallback = developmentFallback(bytes);
  if (fallback !== undefined) return weak(fallback);
  if (!hex && readsLikeWords(text)) return weak('it reads like words');
  if (holdsText(Buffer.from(text, hex ? 'hex' : 'base64'))) return weak('it is an encoded text');
  return { strong: true, bitsPerCharacter };
}

/** Of key bytes that somebody else made. */
export function strengthOfBytes(bytes: Buffer): Strength {
  const fallback = developmentFallback(bytes);
  if (fallback !== undefined) return weak(fallback);
  if (/^[\x20-\x7e]*$/.test(bytes.toString('latin1'))) return strengthOf(bytes.toString('latin1'));
  const bits = bytes.length * 8;
  return bits < leastValueBits
    ? weak(`it has ${bits} bits, ${leastValueBits} are expected`)
    : { strong: true, bitsPerCharacter: 6 };
}

/** Out of how many characters its characters were drawn, at least. */
function alphabetOf(text: string): number {
  if (/^[0-9]+$/.test(text)) return 10;
  if (/^([0-9a-f]+|[0-9A-F]+)$/.test(text)) return 16;
  const classes = [/[a-z]/, /[A-Z]/].filter((each) => each.test(text)).length * 26;
  const digits = /[0-9]/.test(text) ? 10 : 0;
  const marks = new Set(text.replaceAll(/[A-Za-z0-9]/g, '')).size;
  return classes + digits + marks;
}

/** The most frequent pairs of letters of English prose; of random letters one pair in six is among them, of prose three in four. */
const pairs = new Set(
  (
    'th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld ur ' +
    'ro ri io ic ne me co ch ll be ma us ho om el la ot ce no li fo ec wa ss ac wh un ns ee lo di da ut pr pa po tr so ' +
    'ct em sh ge ad ol ir mo ca ai ke ta pe rs wi id rt am ni op'
  ).split(' '),
);

function readsLikeWords(text: string): boolean {
  const letters = text.toLowerCase();
  let seen = 0;
  let common = 0;
  for (let index = 0; index + 1 < letters.length; index += 1) {
    const pair = letters.slice(index, index + 2);
    if (!/^[a-z]{2}$/.test(pair)) continue;
    seen += 1;
    if (pairs.has(pair)) common += 1;
  }
  return seen >= 10 && common / seen > 0.5;
}

/** Nine bytes in ten are characters of a text; of random bytes it is fewer than four. */
function holdsText(bytes: Buffer): boolean {
  const characters = bytes.filter((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a).length;
  return bytes.length >= 8 && characters >= bytes.length * 0.9;
}

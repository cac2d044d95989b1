/**
 * Values that stand in example files and compose files so that a laptop works without a vault. Outside
 * development they are known to everybody who has read the repository.
 */
import type { Buffer } from 'node:buffer';

const words =
  /(?:^|[^a-z])(?:dev(?:elopment)?|local(?:host)?|test(?:ing)?|example|sample|default|dummy|placeholder|fallback|change[-_ ]?(?:me|this|it)|replace[-_ ]?(?:me|this)|insecure|your[-_]|super[-_]?secret|password|do[-_]?not[-_]?use)(?:$|[^a-z])/i;

/**
 * Why these key bytes are a development fallback and not a random key; undefined: no sign of it.
 * The bytes are looked at as they are used: a fallback hidden in base64 is found, too.
 */
export function developmentFallback(key: Buffer): string | undefined {
  const text = key.toString('latin1');
  const printable = /^[\x20-\x7e]*$/.test(text);
  if (printable && words.test(text)) {
    return 'it reads like an example value';
  }
  if (repeats(key)) {
    return 'it repeats a short pattern';
  }
  if (runs(key)) {
    return 'it counts up or down';
  }
  // 16 distinct bytes of 32 or more is what random hex text shows; random bytes show far more, and of
  // 32 random bytes fewer than 12 distinct have a probability below 2^-64.
  if (new Set(key).size < Math.min(12, Math.ceil(key.length / 2))) {
    return 'it has too few different bytes';
  }
  return undefined;
}

function repeats(key: Buffer): boolean {
  for (let period = 1; period <= Math.min(16, key.length / 2); period += 1) {
    if (key.subarray(period).equals(key.subarray(0, key.length - period))) {
      return true;
    }
  }
  return false;
}

/** `abcdefgh…`, `0123456789…`, bytes 00 01 02 …: nearly every step is +1, or nearly every one −1. */
function runs(key: Buffer): boolean {
  const steps = [...key.subarray(1)].map((byte, index) => byte - (key[index] ?? 0));
  return [1, -1].some((by) => steps.filter((step) => step === by).length > steps.length * 0.75);
}

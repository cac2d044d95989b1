import { createHash, timingSafeEqual } from 'node:crypto';

/** In a time that says nothing of where they differ, nor of how long they are. */
export const isSameText = (one: string, other: string): boolean =>
  timingSafeEqual(digestOf(one), digestOf(other));

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Mutants that are no change: whatever a test does, it sees the same. Each with its reason; they are in no score.
 */
export interface Equivalent {
  readonly file: string;
  /** As it stands there, from the place of the mutant on. */
  readonly text: string;
  /** What Stryker puts in its place. */
  readonly replacement: string;
  readonly why: string;
}

const binding = 'domain/ciphertext/binding.ts';
const qt1 = 'domain/ciphertext/qt1.ts';
const noColumn =
  'profile none has no column, and without one the derivation takes the empty text by default';
const matched =
  'the expression has three groups, none optional: without a match each is undefined, with one none is';
const plan = 'domain/policy/plan.ts';
const window = 'domain/policy/window.ts';
const quick =
  'the way past the head for values of a known key: without it parseQt1 reads the head, and finds the same';

export const equivalents: readonly Equivalent[] = [
  { file: binding, text: "binding.profile === 'none' ?", replacement: 'false', why: noColumn },
  { file: binding, text: "'none' ? '' : checkedText(", replacement: '""', why: noColumn },
  {
    file: binding,
    text: "'utf8');\n  const bytes = Buffer.allocUnsafe",
    replacement: '""',
    why: 'the default encoding of Buffer.byteLength',
  },
  {
    file: binding,
    text: "'utf8');\n  return bytes;",
    replacement: '""',
    why: 'the default encoding of Buffer.write',
  },
  {
    file: 'domain/ciphertext/gcm.ts',
    text: '{ authTagLength: tagBytes };',
    replacement: '{}',
    why: 'a second lock: splitGcm hands over 16 bytes of tag and no other number',
  },
  {
    file: qt1,
    text: '[];\n  if (start !== undefined',
    replacement: '["Stryker was here"]',
    why: matched,
  },
  { file: qt1, text: 'start !== undefined && kid', replacement: 'true', why: matched },
  {
    file: qt1,
    text: 'start !== undefined && kid',
    replacement: 'start !== undefined || kid !== undefined',
    why: matched,
  },
  { file: qt1, text: 'kid !== undefined) {', replacement: 'true', why: matched },
  { file: qt1, text: '{\n  checkValueLength(text);\n  for (', replacement: '{}', why: quick },
  { file: qt1, text: '{\n    const known = startOf', replacement: '{}', why: quick },
  {
    file: qt1,
    text: '{\n      const body = decodeBytes(text.slice(known',
    replacement: '{}',
    why: quick,
  },
  { file: qt1, text: 'text.startsWith(known)', replacement: 'false', why: quick },
  { file: qt1, text: 'text.startsWith(known)', replacement: 'text.endsWith(known)', why: quick },
  { file: qt1, text: 'text.slice(known.length)', replacement: 'text', why: quick },
  {
    file: plan,
    text: 'at < now.getTime(); at += hour / 2',
    replacement: 'at <= now.getTime()',
    why: 'whether now is open is asked after the loop, whatever its last step met',
  },
  {
    file: window,
    text: 'instant >= at.getTime() && isInside',
    replacement: 'instant > at.getTime()',
    why: 'an instant inside of the window has been returned before',
  },
  {
    file: window,
    text: 'format === undefined',
    replacement: 'true',
    why: 'formats are kept because making one takes long; another of the same zone writes the same',
  },
  {
    file: window,
    text: 'wallClock(timeZone, middle) < wall',
    replacement: 'wallClock(timeZone, middle) <= wall',
    why: 'it is looked for only where no clock shows that time, so neither is ever equal',
  },
  {
    file: 'lambdas/rotation/run.ts',
    text: 'material !== undefined && compromised',
    replacement: 'true',
    why: 'for the compiler: nobody records nothing as compromised',
  },
  {
    file: 'lambdas/rotation/staging.ts',
    text: "'current';\n  }",
    replacement: '""',
    why: 'whoever asks compares with pending: what is not under way is promoted',
  },
  {
    file: 'lambdas/rotation/steps/create-secret.ts',
    text: 'primary !== undefined && compromised.has(primary)',
    replacement: 'true',
    why: 'said for the compiler: no set of material ids has undefined in it',
  },
];

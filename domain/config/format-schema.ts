/** Formats of ciphertext as a configuration names them. What their bytes are: docs/ciphertext-formats.md. */
import * as z from 'zod';
import { patternProblem } from './plaintext-pattern.ts';

const encoding = z.enum([
  'base64',
  'base64-unpadded',
  'base64url',
  'base64url-padded',
  'hex',
  'hex-upper',
]);
/** One encoding for all parts of a value, or one for each. */
const partEncodings = z.union([
  encoding,
  z.strictObject({ iv: encoding, tag: encoding, data: encoding }),
]);
/** NIST SP 800-38D section 8.2.2: 12 bytes; many programs draw 16, the block size of AES. */
const nonceBytes = z.union([z.literal(12), z.literal(16)]).optional();
const member = z
  .string()
  .regex(/^[\w$.-]{1,64}$/, 'the name of a member: letters, digits, _ $ . -');
const digits = z.union([z.literal(8), z.literal(16)]);

const prefixed = z.strictObject({
  name: z.literal('prefixed'),
  prefix: z
    .string()
    .regex(
      /^(?!qt1\.|v1\.aesgcm256\.|gAAAA)[\x21-\x7e]{1,31}[:.|$,;~]$/,
      'a prefix of 2 to 32 printable ASCII characters that ends in one of : . | $ , ; ~ and does not begin like qt1, cloak or Fernet',
    ),
  /** What stands behind the prefix: the kid or its start, or the start of SHA-256 over the key. */
  keyId: z.union([
    z.strictObject({ of: z.literal('kid'), digits }),
    z.strictObject({
      of: z.literal('sha256'),
      /** The key's bytes, or the text it is written as. */
      keyAs: z.union([z.literal('bytes'), encoding]),
      digits,
    }),
  ]),
  /** @default 'base64' */
  encoding: encoding.optional(),
  nonceBytes,
});

const colonCbc = z.strictObject({
  name: z.literal('colon-cbc'),
  /** The one key these values were sealed with: its kid, or the key that was adopted. */
  opensWith: z.union([
    z.literal('adopted'),
    z.string().regex(/^[0-9a-f]{16}$/, '"adopted" or a kid of 16 hex digits'),
  ]),
  /** What this column holds, as a regular expression for the whole text: a wrong key opens one value in 256. */
  plaintext: z.string().superRefine((pattern, context) => {
    const problem = patternProblem(pattern);
    if (problem !== undefined) {
      context.addIssue({ code: 'custom', message: problem });
    }
  }),
  /** @default 'hex' */
  encoding: encoding.optional(),
});

/** Names in the order a message lists them. */
export const acceptedFormatNames = [
  'qt1',
  'qt1-bytes',
  'cloak',
  'prefixed',
  'raw',
  'raw-bytes',
  'colon-gcm',
  'json-gcm',
  'fernet',
  'n8n-gcm',
  'colon-cbc',
] as const;
type Name = (typeof acceptedFormatNames)[number];

/** An older format that is still there: read, and rewritten in the column's `format`. */
export const acceptedFormatSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('qt1') }),
  z.strictObject({ name: z.literal('qt1-bytes') }),
  z.strictObject({ name: z.literal('cloak') }),
  prefixed,
  z.strictObject({ name: z.literal('raw'), encoding, nonceBytes }),
  z.strictObject({ name: z.literal('raw-bytes'), nonceBytes }),
  z.strictObject({
    name: z.literal('colon-gcm'),
    /** Declared, because with 16 bytes of ciphertext both readings fit. */
    order: z.enum(['iv:tag:data', 'iv:data:tag']),
    /** @default 'hex' */
    encoding: partEncodings.optional(),
  }),
  z.strictObject({
    name: z.literal('json-gcm'),
    /** Without `tag`, `data` holds ciphertext and tag. */
    members: z.strictObject({ iv: member, tag: member.optional(), data: member }),
    /** Members that are always there with the same value. */
    fixed: z.record(member, z.union([z.string(), z.number()])).optional(),
    /** @default 'base64' */
    encoding: partEncodings.optional(),
  }),
  z.strictObject({ name: z.literal('fernet') }),
  z.strictObject({ name: z.literal('n8n-gcm') }),
  colonCbc,
]);
export type AcceptedFormat = z.infer<typeof acceptedFormatSchema>;

/** Only bytea columns hold them; the others are text, also in bytea. */
export const bytesFormats: ReadonlySet<string> = new Set<Name>(['qt1-bytes', 'raw-bytes']);
/** Formats that bind a value to its column or row. */
export const bindingFormats: ReadonlySet<Name> = new Set<Name>(['qt1', 'qt1-bytes']);

const written = ['qt1', 'qt1-bytes', 'cloak'] as const;
const isWritten = (value: unknown) => written.some((name) => name === value);

/**
 * What is written. Only a value that names its key says, once it is rewritten, that it was: of any other format
 * old and new rows look alike, so that nothing could count, resume or verify.
 */
export const writtenFormatSchema = z.union([
  z.custom<(typeof written)[number]>(isWritten, {
    error: ({ input }) =>
      `${written.map((name) => `"${name}"`).join(', ')} or { name: "prefixed", … }${
        acceptedFormatNames.some((name) => name === input)
          ? ': values of other formats do not name their key; list the format under accepts, and it is rewritten'
          : ''
      }`,
  }),
  prefixed,
]);
export type WrittenFormat = z.infer<typeof writtenFormatSchema>;

export const formatName = (format: WrittenFormat | AcceptedFormat): Name =>
  typeof format === 'string' ? format : format.name;

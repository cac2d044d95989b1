/** What applications wrote before, in the forms that need no names of members or prefixes to be told. */
import {
  type AcceptedFormat,
  type ColumnFormats,
  columnFormats,
} from '../../domain/ciphertext/column-formats.ts';
import { textEncodings } from '../../domain/ciphertext/text-encodings.ts';

const orders = ['iv:tag:data', 'iv:data:tag'] as const;

/** The unambiguous first, then what is written most. */
const settings: readonly AcceptedFormat[] = [
  { name: 'cloak' },
  { name: 'fernet' },
  ...orders.flatMap((order) =>
    (['hex', 'base64', 'base64url'] as const).map((encoding): AcceptedFormat => {
      // The default is left out, as a person would.
      return encoding === 'hex'
        ? { name: 'colon-gcm', order }
        : { name: 'colon-gcm', order, encoding };
    }),
  ),
  ...textEncodings.flatMap((encoding): AcceptedFormat[] => [
    { name: 'raw', encoding },
    { name: 'raw', encoding, nonceBytes: 16 },
  ]),
  { name: 'n8n-gcm' },
  { name: 'raw-bytes' },
  { name: 'raw-bytes', nonceBytes: 16 },
];

export interface CommonFormat {
  readonly settings: AcceptedFormat;
  readonly formats: ColumnFormats;
  /** Any bytes of some length have its shape, which therefore says nothing. */
  readonly isAnyBytes: boolean;
}

export const commonFormats: readonly CommonFormat[] = settings.map((each) => ({
  settings: each,
  formats: columnFormats({ format: 'qt1', accepts: [each] }),
  isAnyBytes: each.name === 'raw-bytes',
}));

/** As it is written in a configuration: `{ name: 'raw', encoding: 'base64' }`. */
export function writtenAsCode(format: AcceptedFormat): string {
  const members = Object.entries(format).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? `'${value}'` : String(value)}`,
  );
  return `{ ${members.join(', ')} }`;
}

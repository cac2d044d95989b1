/**
 * All formats one column may hold: the one that is written, and older ones that are only read. A stored value is a
 * text here; bytes of a bytea column are handed over one character a byte (latin1).
 */
import { Buffer } from 'node:buffer';
import { cloak } from './cloak.ts';
import { type ColonCbcSettings, textMatching } from './colon-cbc.ts';
import { CiphertextError, MalformedCiphertextError, UndeclaredFormatError } from './errors.ts';
import { fernet } from './fernet.ts';
import type { Binding, BytesFormat, KeyNaming, Opened, TextFormat } from './format.ts';
import type { KeyRing } from './keys.ts';
import { cloakMark, fernetMark, qt1BytesMark, qt1Mark } from './marks.ts';
import type { PrefixedSettings } from './prefixed.ts';
import { qt1 } from './qt1.ts';
import { qt1Bytes } from './qt1-bytes.ts';
import { type FormatSettings, formatFacts, formatOf } from './registry.ts';

type Prefixed = { name: 'prefixed' } & PrefixedSettings;
/** Names its key, so that a rewritten value says that it was. */
export type WrittenFormat = 'qt1' | 'qt1-bytes' | 'cloak' | Prefixed;

/** As a configuration writes it: the plaintexts of colon-cbc as an expression for the whole text, flag `u`. */
export type AcceptedFormat =
  | Exclude<FormatSettings, { name: 'colon-cbc' }>
  | ({ name: 'colon-cbc'; plaintext: string } & Omit<ColonCbcSettings, 'isPlaintext'>);

export interface DeclaredFormats {
  readonly format: WrittenFormat;
  readonly accepts?: readonly AcceptedFormat[] | undefined;
}

/** A format over texts, whatever its values are. */
export type AsText = Omit<TextFormat, 'form'>;

export interface ColumnFormats {
  /** What is written. */
  readonly writes: AsText & { readonly naming: KeyNaming<string> };
  /** Older formats, in the order they are asked: those that announce themselves first. */
  readonly accepts: readonly AsText[];
  /**
   * `declared`: it may be a value of a format of this column, and is no plaintext. `undeclared`: it announces
   * itself as one of another format, and is no plaintext either.
   */
  recognise(stored: string): 'declared' | 'undeclared' | undefined;
  /**
   * `binding`: of the column; older formats are bound to nothing, and are opened so.
   * @throws CiphertextError: the value opens in none of the formats
   */
  open(stored: string, keys: KeyRing, binding: Binding): Opened;
  /** The kid of the key a value names; a name no key of the ring has, as it is. */
  kidOf(stored: string, keys: KeyRing): string | undefined;
  /** How values begin, of the formats in which all begin alike. */
  readonly knownMarks: readonly string[];
  /** The same, when that is true of all its formats; undefined: of some only the shape tells. */
  readonly marks: readonly string[] | undefined;
}

/** How values begin that are no plaintext in any column; bytes one character each. */
export const announcedMarks: readonly string[] = [
  qt1Mark,
  qt1BytesMark.toString('latin1'),
  cloakMark,
  fernetMark,
];

const unbound: Binding = { profile: 'none' };
/** They are no plaintext in any column, and are never sealed again. */
const announcing: readonly AsText[] = [qt1, cloak, fernet, asText(qt1Bytes)];

/** @throws InvalidFormatSettingsError */
export function columnFormats({ format, accepts = [] }: DeclaredFormats): ColumnFormats {
  const settings = typeof format === 'string' ? { name: format } : format;
  const writes = asText(formatOf(settings));
  const { naming } = writes;
  if (naming === undefined) {
    // The types leave no such format; a value from elsewhere might.
    throw new TypeError(`Format ${writes.name} does not name its key and is never written.`);
  }
  const older = accepts
    .map((accepted) => asText(formatOf(settingsOf(accepted))))
    .sort((one, other) => rank(one) - rank(other));
  const reads = [writes, ...older];
  const foreign = announcing.filter(({ name }) => reads.every((read) => read.name !== name));
  const find = (formats: readonly AsText[], stored: string) =>
    formats.find((read) => read.recognise(stored));
  const marks = [settings, ...accepts].map(markOf);
  const knownMarks = marks.filter((mark) => mark !== undefined);
  return {
    writes: { ...writes, naming },
    accepts: older,
    recognise(stored) {
      if (find(reads, stored) !== undefined) {
        return 'declared';
      }
      return find(foreign, stored) === undefined ? undefined : 'undeclared';
    },
    open(stored, keys, binding) {
      let refused: CiphertextError | undefined;
      for (const read of reads) {
        if (read.recognise(stored)) {
          try {
            return read.open(stored, keys, isBound(read) ? binding : unbound);
          } catch (error) {
            if (!(error instanceof CiphertextError)) {
              throw error;
            }
            // The format asked first is the one that recognises most surely; its refusal is the one told.
            refused ??= error;
          }
        }
      }
      throw refused ?? nobodys(find(foreign, stored));
    },
    kidOf(stored, keys) {
      const names = find(reads, stored)?.naming;
      const id = names?.idIn(stored);
      return id && (keys.all.find((key) => names?.idOf(key) === id)?.kid ?? id);
    },
    knownMarks,
    marks: knownMarks.length === marks.length ? knownMarks : undefined,
  };
}

function nobodys(foreign: AsText | undefined): CiphertextError {
  return foreign === undefined
    ? new MalformedCiphertextError('The value is of none of the known formats.')
    : new UndeclaredFormatError(foreign.name);
}

const isBound = ({ name }: AsText) => name === 'qt1' || name === 'qt1-bytes';

/** Asked in this order: the value says what it is; a tag decides; nothing but its looks does. */
function rank({ name }: AsText): number {
  const { announced, naming } = formatFacts[name];
  return announced ? 0 : naming === 'none' ? 2 : 1;
}

function settingsOf(accepted: AcceptedFormat): FormatSettings {
  if (accepted.name !== 'colon-cbc') {
    return accepted;
  }
  const { plaintext, ...settings } = accepted;
  return { ...settings, isPlaintext: textMatching(new RegExp(plaintext, 'u')) };
}

function markOf(settings: FormatSettings | AcceptedFormat): string | undefined {
  switch (settings.name) {
    case 'qt1':
      return qt1Mark;
    case 'qt1-bytes':
      return qt1BytesMark.toString('latin1');
    case 'cloak':
      return cloakMark;
    case 'fernet':
      return fernetMark;
    case 'prefixed':
      return settings.prefix;
    default:
      return undefined;
  }
}

function asText(format: TextFormat | BytesFormat): AsText {
  if (format.form === 'text') {
    return format;
  }
  const bytes = (stored: string) => Buffer.from(stored, 'latin1');
  const { naming } = format;
  return {
    name: format.name,
    recognise: (stored) => format.recognise(bytes(stored)),
    open: (stored, keys, binding) => format.open(bytes(stored), keys, binding),
    seal: (plaintext, key, binding, random, options) =>
      format.seal(plaintext, key, binding, random, options).toString('latin1'),
    ...(naming && {
      naming: {
        idOf: (key) => naming.idOf(key),
        idIn: (stored) => naming.idIn(bytes(stored)),
        startOf: (key, profile) => naming.startOf(key, profile).toString('latin1'),
        idPattern: naming.idPattern,
      },
    }),
  };
}

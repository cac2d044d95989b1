/** Item 64: ciphertexts of every format, in every variant of it, that must not open; or must not be sealed again. */
import { columnFormats } from '../../domain/ciphertext/column-formats.ts';
import type { Binding } from '../../domain/ciphertext/format.ts';
import { CipherKey, KeyRing } from '../../domain/ciphertext/keys.ts';
import { type FormatSettings, formatFacts } from '../../domain/ciphertext/registry.ts';
import {
  bindingsOf,
  formatsOf,
  keyNumber,
  sealable,
  sealedAt,
} from '../domain/ciphertext/any-format.ts';
import type { Row } from './row.ts';

type Value = string | Buffer;
const [key, other] = [keyNumber(1), keyNumber(2)];
const keys = new KeyRing([key]);
const random = (count: number) => Buffer.alloc(count, 9);
const plaintext = (canary: string) => Buffer.from(`of ${canary}`);
const options = { at: sealedAt };

const codes = {
  malformed: 'ERR_ROTATION_CIPHERTEXT_MALFORMED',
  refused: 'ERR_ROTATION_CIPHERTEXT_REFUSED',
  unknown: 'ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN',
  disabled: 'ERR_ROTATION_CIPHERTEXT_KEY_DISABLED',
  profile: 'ERR_ROTATION_CIPHERTEXT_PROFILE',
  seal: 'ERR_ROTATION_SEAL_REFUSED',
  undeclared: 'ERR_ROTATION_CIPHERTEXT_UNDECLARED',
} as const;

/** Nothing is outside of opening and sealing: there is nothing they could have changed. */
const attemptOf = (work: () => unknown) => ({
  work: async () => work(),
  writes: () => [],
  state: () => [],
  told: () => [],
});
const row = (title: string, code: Row['code'], work: (canary: string) => unknown): Row => ({
  item: 64,
  title,
  ...(code && { code }),
  terse: true,
  attempt: (canary) => attemptOf(() => work(canary)),
});

/** The last byte of what is authenticated, one bit of it: in text the last character that carries six bits. */
function damaged(value: Value, settings: FormatSettings): Value {
  if (typeof value !== 'string') {
    const changed = Buffer.from(value);
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    return changed;
  }
  if (settings.name === 'json-gcm') {
    return value.replace(
      /("[a-z]+":")(.)([^"]{20})/,
      (_, head, first, rest) => `${head}${swapped(first)}${rest}`,
    );
  }
  const at = Math.floor(value.length * 0.6);
  return `${value.slice(0, at)}${swapped(value[at] as string)}${value.slice(at + 1)}`;
}
const swapped = (character: string) =>
  (character === 'A' || character === 'a' ? 'b' : /[A-F]/.test(character) ? 'A' : 'a').replace(
    /b/,
    character === 'A' ? 'B' : 'b',
  );

function rowsOf(settings: FormatSettings): Row[] {
  const { format, facts } = formatsOf(settings);
  const name = JSON.stringify(settings);
  const [binding, ...others] = bindingsOf(settings);
  const seal = (canary: string, by = key, to = binding) =>
    format.seal(plaintext(canary), by, to, random, options);
  const open = (value: Value, ring = keys, to = binding) => format.open(value, ring, to);
  const named = facts.naming === 'kid';
  const cut = (value: Value, from: number, to?: number) => value.slice(from, to) as Value;
  const disabled = new KeyRing([other], [key.kid]);
  return [
    row(
      `${name}: under a key the keyset does not hold`,
      named ? codes.unknown : codes.refused,
      (canary) => open(seal(canary, other)),
    ),
    row(`${name}: with one bit changed`, undefined, (canary) =>
      refusedIn(() => open(damaged(seal(canary), settings))),
    ),
    row(`${name}: with its end cut off`, undefined, (canary) =>
      refusedIn(() => open(cut(seal(canary), 0, -1))),
    ),
    row(`${name}: with its tag cut off`, undefined, (canary) =>
      refusedIn(() => open(cut(seal(canary), 0, -24))),
    ),
    row(`${name}: with its beginning cut off`, undefined, (canary) =>
      refusedIn(() => open(cut(seal(canary), 1))),
    ),
    row(`${name}: nothing but its beginning`, undefined, (canary) =>
      refusedIn(() => open(cut(seal(canary), 0, 8))),
    ),
    row(`${name}: with bytes behind its end`, undefined, (canary) =>
      refusedIn(() =>
        open(
          typeof seal(canary) === 'string'
            ? `${seal(canary)}AAAA`
            : Buffer.concat([seal(canary) as Buffer, Buffer.alloc(4)]),
        ),
      ),
    ),
    row(`${name}: empty`, undefined, () =>
      refusedIn(() => open(facts.form === 'text' ? '' : Buffer.alloc(0))),
    ),
    ...(named && settings.name.startsWith('qt1')
      ? [
          row(`${name}: under a key that is disabled`, codes.disabled, (canary) =>
            open(seal(canary), disabled),
          ),
        ]
      : []),
    ...others.map((wrong) =>
      row(`${name}: opened as bound to ${wrong.profile}`, codes.profile, (canary) =>
        open(seal(canary), keys, wrong),
      ),
    ),
    ...others.map((wrong) =>
      row(
        `${name}: bound to ${wrong.profile}, opened as bound to ${binding.profile}`,
        codes.profile,
        (canary) => open(seal(canary, key, wrong)),
      ),
    ),
    ...(facts.announced
      ? [
          row(`${name}: sealed already`, codes.seal, (canary) =>
            format.seal(Buffer.from(seal(canary) as string), key, binding, random, options),
          ),
        ]
      : []),
    ...(binding.profile === 'none'
      ? [
          row(`${name}: asked to bind what it cannot`, codes.profile, (canary) =>
            open(seal(canary), keys, { profile: 'column', column: 'patients.name' }),
          ),
        ]
      : []),
  ];
}

/** Damage is malformed or refused, by where it is; never opened, and never another key's business alone. */
function refusedIn(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (
      code === codes.malformed ||
      code === codes.refused ||
      code === codes.unknown ||
      code === codes.profile
    )
      return 'refused';
    throw error;
  }
  throw new Error('it was opened');
}

const bound = (column: string, primaryKey: readonly (bigint | string)[] = [42n]): Binding => ({
  profile: 'row',
  column,
  row: primaryKey,
});
const { format: qt1 } = formatsOf({ name: 'qt1' });
const patient = bound('patients.ssn');
const sealed = (canary: string) => qt1.seal(plaintext(canary), key, patient, random) as string;
const column = columnFormats({ format: 'qt1', accepts: [{ name: 'raw', encoding: 'base64' }] });
const shorter = new CipherKey({ kid: other.kid, key: key.key });

/** Of qt1 alone: what only a format that binds can refuse. */
const swaps: readonly Row[] = [
  row('qt1: in another column', codes.refused, (canary) =>
    qt1.open(sealed(canary), keys, bound('patients.name')),
  ),
  row('qt1: in another row', codes.refused, (canary) =>
    qt1.open(sealed(canary), keys, bound('patients.ssn', [43n])),
  ),
  row('qt1: in a row whose key begins the same', codes.refused, (canary) =>
    qt1.open(sealed(canary), keys, bound('patients.ssn', [42n, 'x'])),
  ),
  row('qt1: in a row with one part of the key more', codes.refused, (canary) =>
    qt1.open(sealed(canary), keys, bound('patients.ssn', [4n, 2n])),
  ),
  row('qt1: with the kid of another key', undefined, (canary) =>
    refusedIn(() =>
      qt1.open(sealed(canary).replace(key.kid, other.kid), new KeyRing([key, other]), patient),
    ),
  ),
  row('qt1: a kid whose bytes are those of another', codes.refused, (canary) =>
    qt1.open(sealed(canary).replace(key.kid, other.kid), new KeyRing([shorter]), patient),
  ),
  row('qt1: a kid in upper case', codes.malformed, (canary) =>
    qt1.open(sealed(canary).replace(key.kid, key.kid.toUpperCase()), keys, patient),
  ),
  row('qt1: a kid that leads elsewhere', codes.malformed, (canary) =>
    qt1.open(sealed(canary).replace(key.kid, '../../etc/passwd'), keys, patient),
  ),
  row('qt1: a profile nobody knows', codes.malformed, (canary) =>
    qt1.open(sealed(canary).replace(/^(qt1\.[^.]+\.)[^.]+/, '$19'), keys, patient),
  ),
  row('qt1: a profile that binds less than it was sealed with', codes.profile, (canary) =>
    qt1.open(sealed(canary).replace('.row.', '.none.'), keys, patient),
  ),
  row('qt1: a profile that binds less, and a reader who believes it', codes.refused, (canary) =>
    qt1.open(sealed(canary).replace('.row.', '.none.'), keys, { profile: 'none' }),
  ),
  row(
    'qt1: a profile that binds to the column alone, and a reader who believes it',
    codes.refused,
    (canary) =>
      qt1.open(sealed(canary).replace('.row.', '.column.'), keys, {
        profile: 'column',
        column: 'patients.ssn',
      }),
  ),
  row('a column: a value of a format it does not accept', codes.undeclared, (canary) =>
    column.open(
      formatsOf({ name: 'cloak' }).format.seal(
        plaintext(canary),
        key,
        { profile: 'none' },
        random,
      ) as string,
      keys,
      patient,
    ),
  ),
  row('a column: plaintext', codes.malformed, (canary) =>
    column.open(`of ${canary}`, keys, patient),
  ),
];

export const rows: readonly Row[] = [
  ...sealable.filter(({ name }) => formatFacts[name].maySeal).flatMap(rowsOf),
  ...swaps,
].map((each) => (each.code === undefined ? { ...each, answer: 'refused' } : each));

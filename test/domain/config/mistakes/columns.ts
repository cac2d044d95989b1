/** What a column holds, in which formats, and where. */
import { type Mistake, one } from './document.ts';

const cbc = { name: 'colon-cbc', opensWith: 'adopted', plaintext: '\\d{3}-\\d{2}-\\d{4}' };
const maintenance = { login: 'legacy', mode: 'maintenance', backupRetention: 'forever' };

/** The one column, bound to nothing, with these members besides. */
const column =
  (members: object) =>
  // biome-ignore lint/suspicious/noExplicitAny: documents that must be refused have no type
  (c: any): void => {
    const { primaryKey: _, ...rest } = c.secrets.pii.columns[0];
    c.secrets.pii.columns[0] = { ...rest, profile: 'none', ...members };
  };
const pattern = (plaintext: string, said: RegExp): Mistake => [
  `a plaintext that is ${plaintext.slice(0, 40)}`,
  (c) => {
    c.secrets.pii.reencryption = maintenance;
    column({ accepts: [{ ...cbc, plaintext }] })(c);
  },
  one(said),
];
const at = '^secrets\\.pii\\.columns\\.0\\.';
const said = (text: string) => one(new RegExp(at + text));

export const columns: readonly Mistake[] = [
  [
    'a format whose values do not name their key',
    column({ format: 'fernet' }),
    said(
      'format: found "fernet"; expected "qt1", "qt1-bytes", "cloak" or \\{ name: "prefixed", … \\}: values of other formats do not name their key; list the format under accepts, and it is rewritten$',
    ),
  ],
  [
    'a format with settings that does not name its key',
    column({ format: { name: 'raw', encoding: 'hex' } }),
    [
      new RegExp(`${at}format\\.name: found "raw"; expected "prefixed"$`),
      new RegExp(`${at}format\\.prefix: found nothing`),
      new RegExp(`${at}format\\.keyId: found nothing`),
    ],
  ],
  [
    'a format that is written wrong',
    column({ format: 'qt-1' }),
    said(
      'format: found "qt-1"; expected "qt1", "qt1-bytes", "cloak" or \\{ name: "prefixed", … \\}$',
    ),
  ],
  [
    'an older format nobody knows',
    column({ accepts: [{ name: 'fernt' }] }),
    said(
      'accepts\\.0\\.name: found "fernt"; expected name "qt1", .* or "colon-cbc" \\(did you mean "fernet"\\?\\)$',
    ),
  ],
  [
    'an older format without its settings',
    column({ accepts: [{ name: 'colon-gcm' }] }),
    said('accepts\\.0\\.order: found nothing; expected "iv:tag:data", "iv:data:tag"$'),
  ],
  [
    'a setting of another format',
    column({ accepts: [{ name: 'raw', encoding: 'hex', order: 'iv:tag:data' }] }),
    said('accepts\\.0: found the unknown "order"; expected only name, encoding, nonceBytes$'),
  ],
  [
    'an encoding that leaves open which text it means',
    column({ accepts: [{ name: 'raw', encoding: 'HEX' }] }),
    said('accepts\\.0\\.encoding: found "HEX"; expected "base64"'),
  ],
  [
    'a nonce of another size',
    column({ accepts: [{ name: 'raw', encoding: 'hex', nonceBytes: 8 }] }),
    said('accepts\\.0\\.nonceBytes: found 8; expected 12'),
  ],
  [
    'a prefix like that of another format',
    column({ format: { name: 'prefixed', prefix: 'qt1.', keyId: { of: 'kid', digits: 8 } } }),
    said('format\\.prefix: found "qt1\\."; expected a prefix of 2 to 32'),
  ],
  [
    'an empty list of older formats',
    column({ accepts: [] }),
    said('accepts: found a list of 0; expected at least 1 entries$'),
  ],
  [
    'the format itself among the older ones',
    column({ accepts: [{ name: 'qt1' }] }),
    said('accepts\\.0: found "qt1", the format itself; expected older formats only$'),
  ],
  [
    'one older format twice, its settings in another order',
    column({
      accepts: [
        { name: 'raw', encoding: 'hex', nonceBytes: 16 },
        { nonceBytes: 16, encoding: 'hex', name: 'raw' },
      ],
    }),
    said('accepts\\.1: found the same format again; expected every format once$'),
  ],
  [
    'two members of one name',
    column({ accepts: [{ name: 'json-gcm', members: { iv: 'a', data: 'a' } }] }),
    said('accepts\\.0\\.members\\.1: found "a" again; expected every name once$'),
  ],
  [
    'bytes inside a document',
    column({ format: 'qt1-bytes', path: ['ssn'] }),
    said('format: found "qt1-bytes" with a path; expected a text format'),
  ],
  [
    'older bytes inside a document',
    column({ path: ['ssn'], accepts: [{ name: 'raw-bytes' }] }),
    said('accepts\\.0: found "raw-bytes" with a path; expected a text format'),
  ],
  [
    'a binding that a format does not have',
    column({ format: 'cloak', profile: 'column' }),
    said('profile: found "column"; expected "none": format cloak binds a value to nothing'),
  ],
  [
    'values without a MAC, read online',
    (c) => {
      c.secrets.pii.reencryption = { ...maintenance, mode: 'online' };
      column({ accepts: [cbc] })(c);
    },
    said(
      'accepts\\.0: found "colon-cbc" with reencryption mode "online"; expected reencryption with mode "maintenance"',
    ),
  ],
  [
    'values without a MAC that nothing rewrites',
    column({ accepts: [cbc] }),
    said(
      'accepts\\.0: found "colon-cbc" with reencryption absent; expected reencryption with mode "maintenance"',
    ),
  ],
  [
    'values without a MAC under two keys',
    (c) => {
      c.secrets.pii.reencryption = maintenance;
      column({ accepts: [cbc, { ...cbc, opensWith: '0123456789abcdef' }] })(c);
    },
    said('accepts\\.1: found a second "colon-cbc"; expected one'),
  ],
  [
    'values without a MAC and no way to know their plaintexts',
    (c) => {
      c.secrets.pii.reencryption = maintenance;
      const { plaintext: _, ...unchecked } = cbc;
      column({ accepts: [unchecked] })(c);
    },
    said('accepts\\.0\\.plaintext: found nothing'),
  ],
  [
    'a key that is no kid',
    (c) => {
      c.secrets.pii.reencryption = maintenance;
      column({ accepts: [{ ...cbc, opensWith: 'k1' }] })(c);
    },
    said('accepts\\.0\\.opensWith: found "k1"; expected'),
  ],
  pattern('', /plaintext: found .*; expected a regular expression of 1 to 500/),
  pattern('[', /plaintext: found .*; expected a regular expression of JavaScript with the flag u$/),
  pattern('.*', /plaintext: found .*; expected a pattern for what the column holds/),
  pattern(
    '(?:[a-z]{1,3}){2,9}',
    /plaintext: found .*; expected a pattern in which one character or class is repeated/,
  ),
  pattern('(a+)+', /plaintext: found .*; expected a pattern without captures/),
  pattern('(?=a)a{2}', /plaintext: found .*; expected a pattern without captures, look-around/),
  pattern('[a-z]+@[a-z]+', /plaintext: found .*; expected a pattern with at most one \*/),
  pattern(
    '[a-z]{1,400}[0-9]{1,400}',
    /plaintext: found .*; expected a pattern with at most one \*/,
  ),
  pattern(
    'a{20000}',
    /plaintext: found .*; expected a pattern that repeats nothing more than 10000 times/,
  ),
  [
    'a value inside another one',
    (c) => {
      const [first] = c.secrets.pii.columns;
      const inner = { ...first, id: 'patients.ssn.old', path: ['old'] };
      c.secrets.pii.columns.push(inner);
    },
    one(
      /^secrets\.pii\.columns\.1: found "public\.patients\.ssn" again; expected every column once, or a path/,
    ),
  ],
  [
    'a value another key of the same database encrypts',
    (c) => {
      const [first] = c.secrets.pii.columns;
      c.secrets.cards = { ...c.secrets.pii, columns: [{ ...first, id: 'cards.ssn' }] };
    },
    one(
      /^secrets\.cards\.columns\.0: found "public\.patients\.ssn", which secrets\.pii encrypts in the same database; expected one key for each place$/,
    ),
  ],
  [
    'the index of an array in a path',
    column({ path: ['phones', '0'] }),
    said('path\\.1: found "0"; expected the name of a member, never the index of an array$'),
  ],
];

/** Fields and words that were mistyped. */
import { type Mistake, one } from './document.ts';

/** One field is mistyped; `also`: what its absence means besides. */
const typo = (
  title: string,
  path: string,
  wrong: string,
  right: string,
  ...also: readonly RegExp[]
): Mistake => [
  title,
  (c) => {
    const holder = path.split('.').reduce((value, key) => (key === '' ? value : value[key]), c);
    holder[wrong] = holder[right] ?? 1;
    delete holder[right];
  },
  [
    new RegExp(
      `found the unknown "${wrong}" \\(did you mean "${right}"\\?\\); expected only .*\\b${right}\\b`,
    ),
    ...also,
  ],
];

export const spelling: readonly Mistake[] = [
  typo('a typo in a field of the document', '', 'secrest', 'secrets', /^secrets: found nothing/),
  typo('a typo in a default', '', 'auditYaers', 'auditYears'),
  typo('a plural', '', 'network', 'networks', /^secrets\.db\.network: found "vpc"/),
  typo('a typo in contacts', 'contacts', 'oncall', 'onCall'),
  typo('a typo in escrow', 'escrow', 'retentionDay', 'retentionDays'),
  typo('a typo in a secret', 'secrets.jwt', 'signerCahce', 'signerCache'),
  typo('a typo in a database', 'secrets.db', 'databaseURL', 'databaseUrl'),
  typo(
    'a typo in an adoption',
    'secrets.legacy.admin',
    'secretARN',
    'secretArn',
    /^secrets\.legacy\.admin\.secretArn: found nothing/,
  ),
  typo(
    'a typo in a column',
    'secrets.pii.columns.0',
    'primarykey',
    'primaryKey',
    /^secrets\.pii\.columns\.0\.primaryKey: found nothing/,
  ),
  typo(
    'a typo in a consumer',
    'consumers.0',
    'raeds',
    'reads',
    /^consumers\.0\.reads: found nothing/,
  ),
  [
    'a field of another kind',
    (c) => {
      c.secrets.jwt.scheme = 'multiUser';
    },
    one(/^secrets\.jwt: found the unknown "scheme"; expected only kind, .*longestToken/),
  ],
  [
    'a typo in a kind',
    (c) => {
      c.secrets.jwt.kind = 'databse';
    },
    one(/^secrets\.jwt\.kind: found "databse"; expected kind .* \(did you mean "database"\?\)$/),
  ],
  [
    'a typo in a scheme',
    (c) => {
      c.secrets.db.scheme = 'multi-user';
    },
    one(
      /^secrets\.db\.scheme: found "multi-user"; expected "multiUser", "singleUser" \(did you mean "multiUser"\?\)$/,
    ),
  ],
  [
    'no kind',
    (c) => {
      delete c.secrets.jwt.kind;
    },
    one(/^secrets\.jwt\.kind: found nothing; expected kind "jwt"/),
  ],
  [
    'a secret that is a text',
    (c) => {
      c.secrets.vendor = 'vendor key';
    },
    one(/^secrets\.vendor: found a string of 10 characters; expected a value of type object$/),
  ],
  [
    'a key with a hyphen',
    (c) => {
      c.secrets['my-key'] = c.secrets.vendor;
    },
    one(/^secrets\.my-key: found a key that is no name; expected letters and digits/),
  ],
  [
    'a key that is too long',
    (c) => {
      c.secrets[`k${'e'.repeat(20)}`] = c.secrets.vendor;
    },
    one(/found a key that is no name; expected letters and digits, 20 at most/),
  ],
  [
    'a cadence as a text',
    (c) => {
      c.secrets.jwt.cadenceDays = '90';
    },
    one(/^secrets\.jwt\.cadenceDays: found "90"; expected a value of type number$/),
  ],
  [
    'a cadence of 6 days',
    (c) => {
      c.secrets.jwt.cadenceDays = 6;
      c.secrets.jwt.leadDays = 1;
    },
    one(/^secrets\.jwt\.cadenceDays: found 6; expected at least 7$/),
  ],
  [
    'a cadence that is no number',
    (c) => {
      c.secrets.jwt.cadenceDays = Number.NaN;
    },
    one(/^secrets\.jwt\.cadenceDays: found NaN/),
  ],
  [
    'a token that lives for ever',
    (c) => {
      c.secrets.jwt.longestToken = '1000d';
    },
    one(/^secrets\.jwt\.longestToken: found "1000d"; expected at most 400 days$/),
  ],
  [
    'a duration in months',
    (c) => {
      c.secrets.jwt.longestToken = '3M';
    },
    one(/^secrets\.jwt\.longestToken: found "3M"; expected a whole number and a unit/),
  ],
  [
    'a size in bytes',
    (c) => {
      c.secrets.jwt.bits = 32;
    },
    one(/^secrets\.jwt\.bits: found 32; expected 256, 384, 512$/),
  ],
  [
    'an encoding with a capital',
    (c) => {
      c.secrets.jwt.encoding = 'Base64';
    },
    one(/^secrets\.jwt\.encoding: found "Base64"; expected .* \(did you mean "base64"\?\)$/),
  ],
  [
    'armed as a text',
    (c) => {
      c.secrets.jwt.armed = 'yes';
    },
    one(/^secrets\.jwt\.armed: found "yes"; expected a value of type boolean$/),
  ],
];

/** Where a value can lie, and how it can be spelt there: every spelling, in every kind of file, in every place. */
import { deflateRawSync, gzipSync } from 'node:zlib';
import { bytesOf, type Planted, planted } from './managed-values.ts';

export interface Placement {
  readonly path: string;
  readonly where: Where;
  readonly content: Buffer;
  readonly secret: string;
  readonly spelling: string;
  readonly part: 'whole' | 'first' | 'last';
}

export const places = [
  'file',
  'staged',
  'head',
  'deep history',
  'deleted branch',
  'stash',
  'unreachable commit',
  'commit message',
  'tag message',
] as const;
export type Where = (typeof places)[number];

interface Spelling {
  readonly of: 'bytes' | 'text' | 'both';
  /** As it stands in a file. */
  readonly write: (value: Planted) => string | Buffer;
  readonly part?: 'first' | 'last';
}

const wide = (text: string) => Buffer.from(text, 'utf16le');
const escaped = (text: string) =>
  text
    .replaceAll('/', '\\/')
    .replaceAll('+', '\\u002b')
    .replaceAll('=', '\\u003d')
    .replace(/[A-Za-z]/, (one) => `\\x${one.charCodeAt(0).toString(16)}`);
const half = (text: string, which: 'first' | 'last') =>
  which === 'first' ? text.slice(0, text.length / 2) : text.slice(text.length / 2);
const environment = (value: Planted) => `NODE_ENV=production\nSECRET=${value.text}\nPORT=8080\n`;
const json = (value: Planted) => JSON.stringify({ a: 1, secret: value.text, b: 'x' });

export const spellings: Readonly<Record<string, Spelling>> = {
  'as it is stored': { of: 'both', write: ({ text }) => text },
  base64: { of: 'both', write: ({ bytes }) => bytes.toString('base64') },
  'base64 without padding': {
    of: 'bytes',
    write: ({ bytes }) => bytes.toString('base64').replace(/=+$/, ''),
  },
  base64url: { of: 'both', write: ({ bytes }) => bytes.toString('base64url') },
  hex: { of: 'both', write: ({ bytes }) => bytes.toString('hex') },
  'upper-case hex': { of: 'both', write: ({ bytes }) => bytes.toString('hex').toUpperCase() },
  'URL-encoded': { of: 'both', write: ({ text }) => encodeURIComponent(text) },
  'percent-encoded throughout': {
    of: 'both',
    write: ({ text }) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join(''),
  },
  'JSON-escaped': { of: 'both', write: ({ text }) => escaped(text) },
  'raw bytes': {
    of: 'both',
    write: ({ bytes }) => Buffer.concat([Buffer.from([0, 200]), bytes, Buffer.from([255])]),
  },
  'UTF-16': { of: 'both', write: ({ text }) => wide(`x = "${text}"\r\n`) },
  'UTF-16, the other byte first': {
    of: 'both',
    write: ({ text }) => wide(`x = "${text}"\r\n`).swap16(),
  },
  'the first half': { of: 'both', write: ({ text }) => half(text, 'first'), part: 'first' },
  'the last half': { of: 'both', write: ({ text }) => half(text, 'last'), part: 'last' },
  'the first half of its hex': {
    of: 'bytes',
    write: ({ bytes }) => half(bytes.toString('hex'), 'first'),
    part: 'first',
  },
  'the last half of its hex': {
    of: 'bytes',
    write: ({ bytes }) => half(bytes.toString('hex'), 'last'),
    part: 'last',
  },
  'the base64 of a file with it': {
    of: 'both',
    write: (value) => Buffer.from(environment(value)).toString('base64'),
  },
  'the same one byte later': {
    of: 'both',
    write: (value) => Buffer.from(`#${environment(value)}`).toString('base64'),
  },
  'the same two bytes later': {
    of: 'both',
    write: (value) => Buffer.from(`##${environment(value)}`).toString('base64'),
  },
  'the base64 of a JSON document': {
    of: 'both',
    write: (value) => Buffer.from(json(value)).toString('base64'),
  },
  'the base64 of bytes around it, one before': {
    of: 'bytes',
    write: ({ bytes }) =>
      Buffer.concat([bytesOf('a', 1), bytes, bytesOf('b', 9)]).toString('base64'),
  },
  'the base64 of bytes around it, two before': {
    of: 'bytes',
    write: ({ bytes }) =>
      Buffer.concat([bytesOf('a', 2), bytes, bytesOf('b', 8)]).toString('base64'),
  },
  'base64 in base64': {
    of: 'both',
    write: ({ text }) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
  },
  'base64 of UTF-16': {
    of: 'both',
    write: ({ text }) => wide(`$p = "${text}"`).toString('base64'),
  },
  'wrapped base64': {
    of: 'both',
    write: (value) =>
      (
        Buffer.from(`${'-'.repeat(31)}${json(value)}`)
          .toString('base64')
          .match(/.{1,64}/g) ?? []
      ).join('\n'),
  },
  gzip: { of: 'both', write: (value) => gzipSync(environment(value)) },
  ZIP: { of: 'both', write: (value) => zip('config/app.env', Buffer.from(environment(value))) },
};

type Wrap = (value: string) => string | Buffer;
const kinds: Readonly<Record<string, Wrap>> = {
  'config.ts': (value) => `export const config = {\n  port: 8080,\n  secret: '${value}',\n};\n`,
  'settings.json': (value) => `{"retries": 3, "secret": "${value}"}\n`,
  'values.yaml': (value) => `app:\n  replicas: 2\n  secret: ${value}\n`,
  '.env': (value) => `# local\nA=1\nSECRET=${value}\n`,
  'secret.k8s.yaml': (value) => `apiVersion: v1\nkind: Secret\ndata:\n  secret: ${value}\n`,
  'terraform.tfstate': (value) =>
    `{"resources":[{"instances":[{"attributes":{"id":"x","result":"${value}"}}]}]}`,
  'notebook.ipynb': (value) =>
    `{"cells":[{"cell_type":"code","source":["secret = \\"${value}\\"\\n"]}]}`,
  'bundle.min.js': (value) => `!function(){var a=1,b="${value}";return a+b}();`,
  'package-lock.json': (value) =>
    `{"integrity": "sha512-${bytesOf('lock', 64).toString('base64')}", "resolved": "https://u:${value}@example.com/a.tgz"}`,
  'fix.patch': (value) => `--- a/x\n+++ b/x\n@@ -1 +1 @@\n-secret=old\n+secret=${value}\n`,
  history: (value) => `ls -la\nexport SECRET=${value}\npsql\n`,
  Dockerfile: (value) => `FROM node:24\nENV SECRET ${value}\n`,
  'dump.sql': (value) => `INSERT INTO settings VALUES (1,'${value}');\n`,
  'cells.csv': (value) => `id;secret\n1;${value}\n`,
  'image.bin': (value) =>
    Buffer.concat([
      bytesOf(value, 700),
      Buffer.from([0]),
      Buffer.from(value),
      bytesOf(`${value}.`, 300),
    ]),
};

/** Every spelling in one kind of file after the other, and in each place: more than two hundred. */
export function placements(): Placement[] {
  const values = Object.entries(planted);
  const made: Placement[] = [];
  let turn = 0;
  const place = (spelling: string, { of, write, part }: Spelling, where: Where, kind: string) => {
    const fitting = values.filter(([, { form }]) => of === 'both' || of === form);
    const [secret = '', value] = fitting[turn++ % fitting.length] ?? [];
    if (value === undefined) throw new Error('no value');
    const written = write(value);
    const isMessage = where === 'commit message' || where === 'tag message';
    const content =
      typeof written === 'string' && !isMessage ? (kinds[kind] as Wrap)(written) : written;
    made.push({
      path: `p${String(made.length).padStart(3, '0')}/${kind}`,
      where,
      // No two of them are one object.
      content: Buffer.concat([
        Buffer.from(content),
        Buffer.from(isMessage ? '' : `\n${made.length}\n`),
      ]),
      secret: secret === 'previousJwt' ? 'jwt' : secret,
      spelling,
      part: part ?? 'whole',
    });
  };
  const files = Object.keys(kinds);
  Object.entries(spellings).forEach(([name, spelling], index) => {
    const isText = typeof spelling.write(planted.jwt) === 'string';
    for (const [at, where] of places.entries()) {
      const isMessage = where === 'commit message' || where === 'tag message';
      // A message is text.
      if (isMessage && !isText) continue;
      place(name, spelling, where, files[(index * 4 + at) % files.length] ?? '');
    }
    if (isText)
      for (const kind of files) place(name, spelling, kind.length % 2 ? 'head' : 'file', kind);
  });
  return made;
}

/** One deflated entry: local header, central directory, end (APPNOTE 4.3). */
function zip(name: string, content: Buffer): Buffer {
  const data = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(data.length, 20);
  central.writeUInt32LE(content.length, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + data.length, 16);
  return Buffer.concat([local, Buffer.from(name), data, central, Buffer.from(name), end]);
}

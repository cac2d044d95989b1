/** What a scan reads, which anybody may have written: Git's objects, archives, escapes, configuration; and what CloudTrail tells. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ContentScan } from '../../../cli/scan/content-scan.ts';
import { readFiles } from '../../../cli/scan/files.ts';
import { readCommit, readTag, readTree } from '../../../cli/scan/git-formats.ts';
import { inflated, isContainer } from '../../../cli/scan/inflated.ts';
import { KnownValues } from '../../../cli/scan/known-values.ts';
import { fallbacksIn, isDeployed, ProductionFiles } from '../../../cli/scan/production.ts';
import { Scanner } from '../../../cli/scan/scanner.ts';
import { unescaped } from '../../../cli/scan/unescape.ts';
import { sightingOf } from '../../../doors/cloud-trail.ts';
import { gitObjects } from '../../../doors/git-objects.ts';
import { symbolsOfText, windowsOf } from '../../../lambdas/fingerprints/windows.ts';
import { bytes, documents, texts } from '../mutations.ts';
import type { Target } from '../target.ts';
import { agree, target } from './agree.ts';

const id = Buffer.alloc(20, 7);
const tree = Buffer.concat([Buffer.from('100644 a.txt\0'), id, Buffer.from('40000 src\0'), id]);
const commit = Buffer.from(
  `tree ${id.toString('hex')}\nparent ${id.toString('hex')}\nauthor Ada <ada@example.com> 1779037202 +0000\ncommitter Ada <ada@example.com> 1779037202 +0000\n\nfirst\n`,
);
const tag = Buffer.from(
  `object ${id.toString('hex')}\ntype commit\ntag v1\ntagger Ada <a@b> 1779037202 +0200\n\nx\n`,
);

/** APPNOTE.TXT, 4.3: one local file, `entries` times in the central directory. */
export function zip(content: Buffer, entries = 1): Buffer {
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  const directory = Buffer.concat(Array.from({ length: entries }, () => central));
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(local.length + packed.length, 16);
  return Buffer.concat([local, packed, directory, end]);
}

const scanKey = Buffer.alloc(32, 3);
const password = 'Xk29vQ_7pLz-Wm48rTb61Yc5';
const known = new KnownValues(scanKey, [
  {
    version: 1,
    deployment: 'pharmacy/prod',
    secrets: [
      {
        key: 'db',
        name: 'pharmacy/prod/db',
        kind: 'database',
        values: [
          {
            what: 'password',
            form: 'text',
            versions: [{ versionId: 'x', labels: ['AWSCURRENT'] }],
            windows: windowsOf(symbolsOfText(password, 6), scanKey),
          },
        ],
        leftOut: [],
      },
    ],
  },
]);
const contents = [
  Buffer.from(`password=${password}\n`),
  Buffer.from(
    `{"p":"${[...password].map((one) => `\\u00${one.charCodeAt(0).toString(16)}`).join('')}"}`,
  ),
  Buffer.from(Buffer.from(`x:${password}`).toString('base64')),
  gzipSync(`password=${password}`),
  zip(Buffer.from(`password=${password}`)),
];

const configuration = [
  'DB_PASSWORD=changeme\nJWT_SECRET="secret"\n',
  '{"containerDefinitions":[{"environment":[{"name":"API_TOKEN","value":"secret"}]}]}',
  'apiVersion: v1\nkind: Secret\ndata:\n  password: Y2hhbmdlbWU=\n',
];
const lookup = JSON.stringify({
  eventSource: 'kms.amazonaws.com',
  eventName: 'Decrypt',
  eventTime: '2026-05-17T17:00:02Z',
  awsRegion: 'eu-west-1',
  userIdentity: {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::000000000000:assumed-role/api/s',
    sessionContext: { sessionIssuer: { arn: 'x' } },
  },
  requestParameters: { secretId: 'x', encryptionContext: { SecretARN: 'x', SecretVersionId: 'y' } },
});

/** A program by the name of git, which says what lies in the folder it is asked about. */
let folder: string | undefined;
export const repository = (): string => {
  if (folder === undefined) {
    folder = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'fuzz-git-'));
    writeFileSync(join(folder, 'git'), '#!/bin/sh\nexec /bin/cat "$GIT_DIR/out"\n', {
      mode: 0o755,
    });
  }
  return folder;
};
/** After the last test. */
export const cleanUp = (): void => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
};
const batch = Buffer.concat([
  Buffer.from(`${id.toString('hex')} blob 5\nhello\n${id.toString('hex')} tag 2\nx\n\n`),
]);

export const scanTargets: readonly Target<never>[] = [
  target({
    name: 'cli/scan/git-formats.ts: readTree, readCommit, readTag',
    inputs: (canary) => bytes([tree, commit, tag], canary),
    run(object) {
      const names: string[] = [];
      readTree(object, 20, (_id, name) => names.push(name()));
      readTree(object, 32, (_id, name) => names.push(name()));
      return [names, readCommit(object), readTag(object)];
    },
    accepts: tree,
  }),
  target({
    name: 'doors/git-objects.ts: gitObjects',
    inputs: (canary) => bytes([batch], canary),
    async run(output) {
      const found: string[] = [];
      writeFileSync(join(repository(), 'out'), output);
      await gitObjects(repository(), repository()).all({
        begin: ({ oid }) => void found.push(oid),
        content: (piece) => void found.push(String(piece.length)),
        end: () => undefined,
      });
      return found;
    },
    accepts: batch,
    refuses: Buffer.from('x\n'),
    mayRepeat:
      'the beginning of what git said in place of a header, for whoever scans; it is no part of an object',
  }),
  target({
    name: 'cli/scan/inflated.ts: inflated, isContainer',
    inputs: (canary) =>
      bytes(
        [
          gzipSync('x'.repeat(1_000)),
          zip(Buffer.from('x'.repeat(1_000))),
          zip(Buffer.from('abc'), 3),
          gzipSync(Buffer.alloc(100_000)),
        ],
        canary,
      ),
    run(container) {
      isContainer(container);
      return [...inflated(container).parts].reduce((sum, { length }) => sum + length, 0);
    },
    accepts: zip(Buffer.from('abc')),
  }),
  target({
    name: 'cli/scan: ContentScan, unescaped',
    inputs: (canary) => bytes(contents, canary),
    run(content) {
      unescaped(content);
      const scan = new ContentScan(new Scanner(known));
      scan.begin(content.length);
      scan.push(content.subarray(0, 7));
      scan.push(content.subarray(7));
      return scan.end().map(({ part }) => part);
    },
    holds(answer, content) {
      if (contents.some((one) => one.equals(content))) agree((answer as unknown[]).length, 1);
    },
    accepts: contents[0] as Buffer,
  }),
  target({
    name: 'cli/scan/production.ts: fallbacksIn, isDeployed, ProductionFiles',
    inputs: (canary) =>
      texts(configuration, canary, [
        'password=',
        ':',
        '"',
        "'",
        '\\',
        '://a:b@',
        'name: token value:',
        '**/',
        '?',
      ]),
    run: (text) => [
      fallbacksIn(text),
      isDeployed(text),
      new ProductionFiles([text.slice(0, 12)]).includes(text.slice(0, 200)),
      new ProductionFiles([]).includes(text.slice(0, 4_000)),
    ],
    accepts: configuration[0] as string,
  }),
  target({
    name: 'cli/scan/files.ts: readFiles',
    inputs: (canary) => texts(['a/b', '../x', '/proc/self/mem'], canary, ['/', '..', '\u0000']),
    run: (path) =>
      readFiles(
        join(repository(), path),
        { begin: () => false, content: () => undefined, end: () => undefined },
        new AbortController().signal,
      ),
    isOwn: (error) =>
      (error as { code?: unknown }).code === 'ERR_INVALID_ARG_VALUE' ||
      /^E[A-Z]+$/.test(String((error as { code?: unknown }).code)),
    mayRepeat: 'a path a person typed',
  }),
  target({
    name: 'doors/cloud-trail.ts: sightingOf',
    inputs: (canary) =>
      fc.oneof(
        texts([lookup], canary),
        documents(fc.constant(JSON.parse(lookup)), canary).map(
          (changed) => JSON.stringify(changed) ?? '',
        ),
      ),
    run: sightingOf,
    accepts: lookup,
  }),
];

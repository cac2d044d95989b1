/** Repositories made of streams: `git fast-import` writes a thousand commits where `git commit` writes ten. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

export interface MadeCommit {
  readonly ref: string;
  readonly message: string | Buffer;
  readonly files?: Readonly<Record<string, Buffer | string>>;
  readonly remove?: readonly string[];
  /** Another ref to start from; absent: what the ref is at. */
  readonly from?: string;
  readonly author?: string;
  /** Author date, in seconds; absent: a minute after the one before. */
  readonly at?: number;
}

const environment = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
};

export function git(folder: string, argv: readonly string[], input?: Buffer | string): string {
  return execFileSync('git', argv, {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input !== undefined && { input }),
    maxBuffer: 64 * 1024 * 1024,
  });
}

export function makeRepository(folder: string): void {
  mkdirSync(folder, { recursive: true });
  git(folder, ['init', '--quiet', '--initial-branch=main', '.']);
}

/** The first author date, in seconds; each commit is a minute later. */
export const firstCommitAt = 1_700_000_000;

export function importCommits(folder: string, commits: Iterable<MadeCommit>): void {
  const parts: (Buffer | string)[] = [];
  const data = (content: Buffer | string) => {
    const bytes = Buffer.from(content);
    parts.push(`data ${bytes.length}\n`, bytes, '\n');
  };
  let count = 0;
  for (const { ref, message, files = {}, remove = [], from, author = 'Ann', at } of commits) {
    const when = `${firstCommitAt + 60 * count++} +0000`;
    parts.push(
      `commit ${ref}\nauthor ${author} <a@example.com> ${at === undefined ? when : `${at} +0000`}\ncommitter C <c@example.com> ${when}\n`,
    );
    data(message);
    if (from !== undefined) parts.push(`from ${from}\n`);
    for (const path of remove) parts.push(`D ${path}\n`);
    for (const [path, content] of Object.entries(files)) {
      parts.push(`M 100644 inline ${path}\n`);
      data(content);
    }
  }
  parts.push('done\n');
  git(
    folder,
    ['fast-import', '--quiet', '--done', '--force'],
    Buffer.concat(parts.map((part) => Buffer.from(part))),
  );
}

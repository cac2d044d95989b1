/**
 * The door to the objects of a Git repository: every one of them, whether a branch reaches it or not, as bytes.
 *
 * A repository may be somebody else's work, and Git runs programs that its configuration names: a file system monitor,
 * text conversions, hooks, a remote that promises missing objects. So one plumbing command is used that needs none of
 * them, with everything else switched off; what of it is read from the repository is its objects.
 * @see https://git-scm.com/docs/git-cat-file `--batch-all-objects`
 */
import { spawn } from 'node:child_process';

export type GitObjectType = 'blob' | 'tree' | 'commit' | 'tag';

export interface GitObjectSink {
  begin(object: { oid: string; type: GitObjectType; size: number }): void;
  /** Bytes are the sink's for the time of the call only. */
  content(bytes: Buffer): void;
  end(): void;
}

export interface GitObjectsDoor {
  /** Of objects and alternates alike, in the order of the packs. @throws GitObjectsError */
  all(sink: GitObjectSink, interrupted?: AbortSignal): Promise<void>;
  /** Those alone, which are known to be there. @throws GitObjectsError */
  some(oids: Iterable<string>, sink: GitObjectSink, interrupted?: AbortSignal): Promise<void>;
}

export class GitObjectsError extends Error {
  override readonly name = 'GitObjectsError';
  readonly code = 'ERR_ROTATION_GIT_OBJECTS';
  constructor(repository: string, found: string) {
    super(
      `The objects of ${repository} could not all be read: ${found}. Expected a whole repository and git 2.39 or later; \`git -C ${repository} fsck --full\` says more. What was not read was not looked at.`,
    );
  }
}

const types: ReadonlySet<string> = new Set(['blob', 'tree', 'commit', 'tag']);

/** @param gitDirectory `.git`, or a bare repository */
export function gitObjects(gitDirectory: string, path = process.env.PATH): GitObjectsDoor {
  const settings = [
    ['core.fsmonitor', 'false'],
    ['core.hooksPath', '/dev/null'],
    ['core.useReplaceRefs', 'false'],
    ['protocol.allow', 'never'],
    // Whose the files are decides about programs Git would run; none is run.
    ['safe.directory', '*'],
    ['safe.bareRepository', 'all'],
    // Larger ones are handed out piece by piece, and packs are not all mapped at once.
    ['core.bigFileThreshold', '32m'],
    ['core.packedGitLimit', '128m'],
    ['core.packedGitWindowSize', '16m'],
    ['core.deltaBaseCacheLimit', '64m'],
  ].flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // Nothing of our own environment: credentials are in it.
  const environment = {
    ...(path !== undefined && { PATH: path }),
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_DIR: gitDirectory,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_ASKPASS: '/bin/false',
    GIT_SSH_COMMAND: '/bin/false',
  };

  async function read(
    options: readonly string[],
    oids: Iterable<string> | undefined,
    sink: GitObjectSink,
    interrupted: AbortSignal | undefined,
  ): Promise<void> {
    const git = spawn('git', ['--no-pager', ...settings, 'cat-file', ...options], {
      env: environment,
      stdio: [oids === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const stop = () => void git.kill();
    interrupted?.addEventListener('abort', stop, { once: true });
    let complaints = '';
    git.stderr?.on('data', (text: Buffer) => {
      if (complaints.length < 1_024) complaints += text.toString('utf8');
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      git.on('error', reject);
      git.on('close', resolve);
    });
    // Whoever waits for the output first hears of it later.
    ended.catch(() => undefined);
    const asked = oids === undefined || git.stdin === null ? undefined : ask(git.stdin, oids);
    const parser = new BatchParser(sink);
    try {
      for await (const chunk of git.stdout as AsyncIterable<Buffer>) parser.push(chunk);
      const code = await ended;
      await asked;
      if (interrupted?.aborted) return;
      if (code !== 0 || said(complaints) !== '' || !parser.isAtEnd) {
        throw new GitObjectsError(gitDirectory, said(complaints) || `git ended with ${code}`);
      }
    } catch (error) {
      git.kill();
      if (interrupted?.aborted) return;
      const { code } = error as { code?: string };
      if (code === 'ENOENT')
        throw new GitObjectsError(gitDirectory, 'there is no git on this machine');
      if (error instanceof UnexpectedOutput) throw new GitObjectsError(gitDirectory, error.found);
      throw error;
    } finally {
      interrupted?.removeEventListener('abort', stop);
    }
  }

  return {
    all: (sink, interrupted) =>
      read(
        ['--batch-all-objects', '--batch', '--unordered', '--buffer'],
        undefined,
        sink,
        interrupted,
      ),
    some: (oids, sink, interrupted) => read(['--batch', '--buffer'], oids, sink, interrupted),
  };
}

/** Warnings tell of settings, errors of objects. */
const said = (complaints: string): string =>
  complaints
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('warning: '))
    .slice(0, 3)
    .join('; ')
    .slice(0, 300);

async function ask(stdin: NodeJS.WritableStream, oids: Iterable<string>): Promise<void> {
  // Git that died reads no more: its end is told by its exit code.
  stdin.on('error', () => undefined);
  let lines: string[] = [];
  const flush = async () => {
    const text = lines.join('');
    lines = [];
    if (!stdin.write(text)) {
      await new Promise<void>((resolve) => {
        stdin.once('drain', resolve);
        stdin.once('close', resolve);
      });
    }
  };
  for (const oid of oids) {
    lines.push(`${oid}\n`);
    if (lines.length === 1_000) await flush();
  }
  await flush();
  stdin.end();
}

class UnexpectedOutput extends Error {
  readonly found: string;
  constructor(found: string) {
    super(found);
    this.found = found;
  }
}

/** `<oid> SP <type> SP <size> LF <contents> LF`, again and again. */
class BatchParser {
  readonly #sink: GitObjectSink;
  #header: Buffer = Buffer.alloc(0);
  /** Bytes of content and its line break that are still to come; undefined: a header is. */
  #left: number | undefined;

  constructor(sink: GitObjectSink) {
    this.#sink = sink;
  }

  get isAtEnd(): boolean {
    return this.#left === undefined && this.#header.length === 0;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left === undefined) {
        const end = chunk.indexOf(10, at);
        const line = chunk.subarray(at, end === -1 ? chunk.length : end);
        this.#header = this.#header.length === 0 ? line : Buffer.concat([this.#header, line]);
        if (this.#header.length > 256) throw new UnexpectedOutput('git answered with no header');
        at += line.length + 1;
        if (end === -1) {
          // The chunk is reused by nobody, but held as a whole by a part of it.
          this.#header = Buffer.from(this.#header);
        } else this.#begin();
        continue;
      }
      const bytes = Math.min(this.#left - 1, chunk.length - at);
      if (bytes > 0) this.#sink.content(chunk.subarray(at, at + bytes));
      at += bytes;
      this.#left -= bytes;
      if (this.#left === 1 && at < chunk.length) {
        at += 1;
        this.#left = undefined;
        this.#sink.end();
      }
    }
  }

  #begin(): void {
    const header = this.#header.toString('latin1');
    this.#header = Buffer.alloc(0);
    const [, oid = '', type = '', size = ''] =
      /^([0-9a-f]{40}|[0-9a-f]{64}) (\w+) (\d+)$/.exec(header) ?? [];
    if (!types.has(type)) throw new UnexpectedOutput(`object ${header.slice(0, 80)}`);
    this.#left = Number(size) + 1;
    this.#sink.begin({ oid, type: type as GitObjectType, size: Number(size) });
  }
}

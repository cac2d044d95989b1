/**
 * The files of a folder, ignored ones too: that is where `.env` lies. Links are not followed, and nothing but regular
 * files is opened. Of a repository's own folder everything but its objects is read: remotes and logs hold credentials
 * as well.
 */
import { closeSync, constants, type Dirent, fstatSync, lstatSync, openSync, read } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface FileSink {
  /** @returns whether the file is to be read; called with each regular file */
  begin(path: string, size: number): boolean;
  content(bytes: Buffer): void;
  end(): void;
}

export interface FilesRead {
  readonly files: number;
  readonly bytes: number;
  /** Folders that are repositories of their own, the first one included. */
  readonly repositories: readonly string[];
  /** What could not be read, with why. */
  readonly unread: readonly string[];
}

const pieceBytes = 1024 * 1024;
const mostUnread = 20;

const readInto = promisify(read);

/** @param root a folder or a file */
export async function readFiles(
  root: string,
  sink: FileSink,
  interrupted: AbortSignal,
): Promise<FilesRead> {
  const piece = Buffer.allocUnsafe(pieceBytes);
  const repositories: string[] = [];
  const unread: string[] = [];
  let [files, bytes] = [0, 0];
  const failed = (path: string, error: unknown) => {
    const { code } = error as { code?: string };
    if (unread.length < mostUnread) unread.push(`${path} (${code ?? 'unknown'})`);
  };

  const readFile = async (path: string): Promise<void> => {
    // A link, or a pipe that nobody writes to, may have taken its place since.
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = fstatSync(file);
      if (!found.isFile() || !sink.begin(path, found.size)) return;
      files += 1;
      for (;;) {
        // Not at once: Ctrl-C is heard between two pieces.
        const { bytesRead } = await readInto(file, piece, 0, pieceBytes, null);
        if (bytesRead === 0 || interrupted.aborted) break;
        bytes += bytesRead;
        sink.content(piece.subarray(0, bytesRead));
      }
      sink.end();
    } finally {
      closeSync(file);
    }
  };

  const tryFile = async (path: string): Promise<void> => {
    try {
      await readFile(path);
    } catch (error) {
      failed(path, error);
    }
  };

  const walk = async (folder: string): Promise<void> => {
    const entries = await entriesOf(folder);
    const isRepository = ['HEAD', 'objects', 'refs'].every((name) =>
      entries.some((entry) => entry.name === name && !entry.isSymbolicLink()),
    );
    if (isRepository) repositories.push(folder);
    // As tools for many repositories lay them out: its history is elsewhere, and not searched with it.
    const linked = entries.find(
      (entry) => entry.isSymbolicLink() && ['objects', 'refs', 'HEAD'].includes(entry.name),
    );
    if (linked !== undefined && entries.some(({ name }) => name === 'HEAD')) {
      failed(join(folder, linked.name), { code: 'a link, which is not followed' });
    }
    for (const entry of entries) {
      if (interrupted.aborted) return;
      const path = join(folder, entry.name);
      if (entry.name === '.git') {
        if (entry.isFile()) repositories.push(folder);
        if (entry.isSymbolicLink()) failed(path, { code: 'a link, which is not followed' });
      }
      if (entry.isFile()) await tryFile(path);
      // As objects they are read with the history; packed, nothing would be found in them.
      else if (entry.isDirectory() && !(isRepository && entry.name === 'objects')) {
        await walk(path);
      }
    }
  };

  const entriesOf = async (folder: string): Promise<Dirent[]> => {
    const entries: Dirent[] = [];
    try {
      for await (const entry of await opendir(folder)) entries.push(entry);
    } catch (error) {
      failed(folder, error);
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  };

  if (lstatSync(root).isDirectory()) await walk(root);
  else await tryFile(root);
  return { files, bytes, repositories, unread };
}

/**
 * Where the history of a path lies. Found by looking, not by asking Git: it would read the configuration of whatever
 * repository it comes upon.
 */
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface Repository {
  /** `.git`, a bare repository, or that of a linked worktree. */
  readonly directory: string;
  /** Folder of its objects, which several worktrees share. */
  readonly objects: string;
  /** Why its objects are not all there. */
  readonly lacks: readonly string[];
  readonly notes: readonly string[];
}

/** The repository that a folder is in or is; undefined: none. */
export function repositoryOf(path: string): Repository | undefined {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = repositoryAt(at);
    if (found !== undefined) return found;
    if (dirname(at) === at) return undefined;
  }
}

/** That of this very folder. */
export function repositoryAt(folder: string): Repository | undefined {
  const dotGit = join(folder, '.git');
  const kind = kindOf(dotGit);
  if (kind === 'folder' && isRepository(dotGit)) return told(dotGit);
  if (kind === 'file') {
    // A linked worktree or a submodule: gitrepository-layout(5).
    const [, target] = /^gitdir: (.+?)\r?\n?$/.exec(textOf(dotGit) ?? '') ?? [];
    const directory = target === undefined ? undefined : resolve(folder, target);
    return directory !== undefined && kindOf(directory) === 'folder' ? told(directory) : undefined;
  }
  return isRepository(folder) ? told(folder) : undefined;
}

/** A symbolic link is neither: it may lead anywhere. */
function kindOf(path: string): 'folder' | 'file' | undefined {
  try {
    const found = lstatSync(path);
    return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : undefined;
  } catch {
    return undefined;
  }
}

const isRepository = (folder: string): boolean =>
  kindOf(join(folder, 'HEAD')) !== undefined &&
  kindOf(join(folder, 'objects')) === 'folder' &&
  kindOf(join(folder, 'refs')) === 'folder';

function told(directory: string): Repository {
  const common = textOf(join(directory, 'commondir'))?.trim();
  const shared = common === undefined ? directory : resolve(directory, common);
  const objects = join(shared, 'objects');
  const lacks: string[] = [];
  if (kindOf(join(shared, 'shallow')) === 'file') {
    lacks.push(
      `${directory} is a shallow clone: older commits are not there. Fetch them (git fetch --unshallow; fetch-depth: 0 of actions/checkout), or scan the files alone: --no-history`,
    );
  }
  const isPromised = /^\s*(partialclone|promisor)\s*=/im.test(textOf(join(shared, 'config')) ?? '');
  if (isPromised || filesIn(join(objects, 'pack')).some((name) => name.endsWith('.promisor'))) {
    lacks.push(
      `${directory} is a partial clone: some objects were never fetched, and none is fetched here. Clone it without --filter, or scan the files alone: --no-history`,
    );
  }
  const borrows = textOf(join(objects, 'info', 'alternates')) !== undefined;
  return {
    directory: realpathSync(directory),
    objects: existingPath(objects),
    lacks,
    notes: borrows
      ? [
          `${directory} borrows objects from another repository (alternates): they were searched, too`,
        ]
      : [],
  };
}

function existingPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined: there is none, or it is none of Git's short ones. */
function textOf(path: string): string | undefined {
  try {
    return lstatSync(path).isFile() && lstatSync(path).size < 65_536
      ? readFileSync(path, 'utf8')
      : undefined;
  } catch {
    return undefined;
  }
}

/** A temporary tree of files, with the packages and settings of this one. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

export interface Tree {
  directory: string;
  write(path: string, content: string): void;
}

/** Runs `work` with a new tree that sees this tree's node_modules and holds copies of `copied`. */
export async function withTree<T>(
  copied: readonly string[],
  work: (tree: Tree) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'quarterturn-tree-'));
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  };
  try {
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    for (const path of copied) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      cpSync(join(root, path), join(directory, path), { recursive: true });
    }
    return await work({ directory, write });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

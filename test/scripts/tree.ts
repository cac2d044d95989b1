/** A temporary tree of files, with the packages and settings of this one. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

export interface Tree {
  directory: string;
  write(path: string, content: string): void;
}

/** A new tree that sees this tree's node_modules and holds copies of `copied`, until `remove`. */
export function openTree(copied: readonly string[]): Tree & { remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'quarterturn-tree-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    for (const path of copied) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      cpSync(join(root, path), join(directory, path), { recursive: true });
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    directory,
    remove,
    write(path, content) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    },
  };
}

/** Runs `work` with a new tree, as `openTree`. */
export async function withTree<T>(
  copied: readonly string[],
  work: (tree: Tree) => Promise<T>,
): Promise<T> {
  const { remove, ...tree } = openTree(copied);
  try {
    return await work(tree);
  } finally {
    remove();
  }
}

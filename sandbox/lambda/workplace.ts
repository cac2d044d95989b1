/** Where functions live on disk: copies of their assets outside any checkout, and empty folders to run in. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Workplace {
  readonly #root = mkdtempSync(join(tmpdir(), 'quarterturn-sandbox-'));
  readonly #copies = new Map<string, string>();
  #folders = 0;

  /** One copy per asset: a function finds what was bundled with it, and nothing of the checkout. */
  copyOf(asset: string): string {
    let copy = this.#copies.get(asset);
    if (copy === undefined) {
      copy = join(this.#root, `asset-${this.#copies.size + 1}`);
      cpSync(asset, copy, { recursive: true });
      this.#copies.set(asset, copy);
    }
    return copy;
  }

  /** Code that stands in the template itself becomes the file index.js, as in AWS. */
  folderWith(inlineCode: string): string {
    const folder = this.emptyFolder();
    writeFileSync(join(folder, 'index.js'), inlineCode);
    return folder;
  }

  emptyFolder(): string {
    const folder = join(this.#root, `folder-${++this.#folders}`);
    mkdirSync(folder);
    return folder;
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/**
 * Trees, commits and tags as Git stores them.
 * @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
 */

export interface CommitFacts {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: string;
  /** Author date, UTC; absent: it is no date. */
  readonly at?: string;
}

/** Calls back with each entry; an id is 20 bytes as Latin-1 (32 where the repository uses SHA-256). */
export function readTree(
  tree: Buffer,
  idBytes: number,
  entry: (id: string, name: () => string) => void,
): void {
  for (let at = 0; at < tree.length; ) {
    const space = tree.indexOf(32, at);
    const end = tree.indexOf(0, space);
    if (space === -1 || end === -1 || end + idBytes >= tree.length + 1) return;
    const [from, to] = [space + 1, end];
    entry(tree.toString('latin1', end + 1, end + 1 + idBytes), () =>
      tree.toString('utf8', from, to),
    );
    at = end + 1 + idBytes;
  }
}

export function readCommit(commit: Buffer): CommitFacts {
  const [head = ''] = commit.toString('utf8').split('\n\n', 1);
  const lines = head.split('\n');
  const of = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  return {
    tree: of('tree')[0] ?? '',
    parents: of('parent'),
    ...personOf(of('author')[0] ?? ''),
  };
}

/** Its name, and who made it when. */
export function readTag(tag: Buffer): { name: string; author: string; at?: string } {
  const [head = ''] = tag.toString('utf8').split('\n\n', 1);
  const of = (word: string) =>
    head
      .split('\n')
      .find((line) => line.startsWith(`${word} `))
      ?.slice(word.length + 1) ?? '';
  return { name: of('tag'), ...personOf(of('tagger')) };
}

function personOf(line: string): { author: string; at?: string } {
  const [, author = line, seconds] = /^(.*) (-?\d{1,12}) [+-]\d{4}$/.exec(line) ?? [];
  const at = seconds === undefined ? Number.NaN : Number(seconds) * 1_000;
  const isDate = Math.abs(at) <= 8.64e15;
  return { author, ...(isDate && { at: new Date(at).toISOString() }) };
}

export const idOfHex = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');
export const hexOfId = (id: string): string => Buffer.from(id, 'latin1').toString('hex');

/** Ids of many objects, twenty bytes each and nothing around them. */
export class IdList {
  #bytes = Buffer.alloc(65_536);
  #length = 0;
  #idBytes = 20;

  add(hex: string): void {
    this.#idBytes = hex.length / 2;
    if (this.#length + this.#idBytes > this.#bytes.length) {
      const larger = Buffer.alloc(this.#bytes.length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    this.#length += this.#bytes.write(hex, this.#length, 'hex');
  }

  get idBytes(): number {
    return this.#idBytes;
  }

  get count(): number {
    return this.#length / this.#idBytes;
  }

  *[Symbol.iterator](): Generator<string> {
    for (let at = 0; at < this.#length; at += this.#idBytes) {
      yield this.#bytes.toString('hex', at, at + this.#idBytes);
    }
  }
}

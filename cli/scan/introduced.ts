/**
 * Under which path, and since which commit: of the few objects that hold a value. Nothing is compared with anything
 * (no diff, no log): trees say what holds what, from below, one level at a time; then commits say whose tree that is.
 */
import type { GitObjectsDoor } from '../../doors/git-objects.ts';
import { type CommitFacts, type IdList, idOfHex, readCommit, readTree } from './git-formats.ts';

export interface Introduced {
  /** Absent: it is the root itself. */
  readonly path?: string;
  /** The oldest that holds it there while none of its parents does. */
  readonly commit: { readonly oid: string; readonly author: string; readonly at?: string };
}

/** Deeper than this no path is followed. */
const deepestPath = 256;
/** A tree of more is a trick: trees within trees that double at each level. */
const mostHeld = 20_000;

/** An object that lies in more places is told with these. */
const mostPaths = 20;

/** By the id of a tree: what it holds, each as the id of an object with its path behind it. */
type Holding = Map<string, Set<string>>;

/**
 * @param oids of the objects, in hex
 * @returns by the same: each path it has or had, with the commit that brought it there
 */
export async function introducedBy(
  git: GitObjectsDoor,
  oids: readonly string[],
  { trees, commits }: { trees: IdList; commits: IdList },
  interrupted: AbortSignal,
): Promise<Map<string, Introduced[]>> {
  const wanted = new Map(oids.map((oid) => [idOfHex(oid), oid]));
  const { idBytes } = trees;
  const holding = await treesOver(git, wanted.keys(), trees, interrupted);
  // A tree may be wanted itself: a name in it holds the value.
  for (const id of wanted.keys()) {
    holding.set(id, new Set([...(holding.get(id) ?? []), id]));
  }
  const rootOf = new Map<string, string>();
  await eachCommit(git, commits, interrupted, (oid, { tree }) => {
    const root = idOfHex(tree);
    if (holding.has(root)) rootOf.set(idOfHex(oid), root);
  });
  const first = new Map<string, Introduced['commit']>();
  await eachCommit(git, commits, interrupted, (oid, facts) => {
    const held = holding.get(rootOf.get(idOfHex(oid)) ?? '');
    if (held === undefined) return;
    const before = facts.parents.flatMap(
      (parent) => holding.get(rootOf.get(idOfHex(parent)) ?? '') ?? [],
    );
    for (const place of held) {
      const known = first.get(place);
      if (before.some((each) => each.has(place))) continue;
      if (known !== undefined && !isOlder(facts, known)) continue;
      const { author, at } = facts;
      first.set(place, { oid, author, ...(at !== undefined && { at }) });
    }
  });
  const found = new Map<string, Introduced[]>();
  for (const [place, commit] of first) {
    const oid = wanted.get(place.slice(0, idBytes)) ?? '';
    const path = place.slice(idBytes);
    const each = { ...(path !== '' && { path }), commit };
    const known = found.get(oid) ?? [];
    if (known.length < mostPaths) found.set(oid, [...known, each]);
  }
  return found;
}

const isOlder = ({ at }: CommitFacts, than: { at?: string }): boolean =>
  than.at === undefined || (at !== undefined && at < than.at);

async function treesOver(
  git: GitObjectsDoor,
  ids: Iterable<string>,
  trees: IdList,
  interrupted: AbortSignal,
): Promise<Holding> {
  const { idBytes } = trees;
  const holding: Holding = new Map();
  let news: Holding = new Map([...ids].map((id) => [id, new Set([id])]));
  for (let depth = 0; news.size > 0 && depth < deepestPath && !interrupted.aborted; depth += 1) {
    const next: Holding = new Map();
    await eachObject(git, trees, interrupted, (oid, bytes) => {
      const tree = idOfHex(oid);
      readTree(bytes, idBytes, (id, name) => {
        for (const below of news.get(id) ?? []) {
          const rest = below.slice(idBytes);
          const place = `${below.slice(0, idBytes)}${name()}${rest === '' ? '' : `/${rest}`}`;
          const held = holding.get(tree) ?? new Set<string>();
          if (held.has(place) || held.size >= mostHeld) continue;
          holding.set(tree, held.add(place));
          next.set(tree, (next.get(tree) ?? new Set<string>()).add(place));
        }
      });
    });
    news = next;
  }
  return holding;
}

const eachCommit = (
  git: GitObjectsDoor,
  commits: IdList,
  interrupted: AbortSignal,
  read: (oid: string, facts: CommitFacts) => void,
): Promise<void> =>
  eachObject(git, commits, interrupted, (oid, bytes) => read(oid, readCommit(bytes)));

async function eachObject(
  git: GitObjectsDoor,
  oids: IdList,
  interrupted: AbortSignal,
  read: (oid: string, bytes: Buffer) => void,
): Promise<void> {
  let current = '';
  let pieces: Buffer[] = [];
  await git.some(
    oids,
    {
      begin({ oid }) {
        current = oid;
        pieces = [];
      },
      content(bytes) {
        pieces.push(pieces.length === 0 ? bytes : Buffer.from(bytes));
      },
      end() {
        const [only] = pieces;
        read(current, only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces));
      },
    },
    interrupted,
  );
}

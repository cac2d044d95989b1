/**
 * Inputs that are almost right: a valid document with a few of its places changed, or a valid text or its bytes cut,
 * repeated and overwritten. Beside them a few that are wrong from the start.
 */
import fc from 'fast-check';

/** JSON values that are easily mistaken for something: each is tried in every place. */
export const hostileValues = (canary: string): readonly unknown[] => [
  null,
  '',
  canary,
  `${canary}\n`,
  `\u0000${canary}`,
  `${canary}\ud800`,
  canary.repeat(300),
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  true,
  [],
  [canary],
  {},
  { [canary]: canary },
  JSON.parse(`{"__proto__":{"a":"${canary}"},"constructor":"${canary}"}`),
  { toString: canary, valueOf: canary, length: -1 },
  '__proto__',
  'constructor',
  'toString',
  '2026-02-30T00:00:00Z',
  '2016-12-31T23:59:60Z',
  '+275760-09-13T00:00:00.001Z',
  '-000001-01-01T00:00:00Z',
  '9007199254740993',
  ' 1',
  '0x10',
];

type Change =
  | { how: 'replace' | 'insert'; at: number; value: unknown }
  | { how: 'remove' | 'twice' | 'wrap'; at: number }
  | { how: 'swap'; at: number; with: number };

function changes(canary: string): fc.Arbitrary<Change> {
  const at = fc.nat(10_000);
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        how: fc.constantFrom('replace' as const, 'insert' as const),
        at,
        value: fc.constantFrom(...hostileValues(canary)),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        how: fc.constantFrom('remove' as const, 'twice' as const, 'wrap' as const),
        at,
      }),
    },
    { weight: 1, arbitrary: fc.record({ how: fc.constant('swap' as const), at, with: at }) },
  );
}

/** One of the seeds with up to four of its places changed; now and then something else altogether. */
export function documents(seeds: fc.Arbitrary<unknown>, canary: string): fc.Arbitrary<unknown> {
  const mutated = fc
    .tuple(seeds, fc.array(changes(canary), { minLength: 1, maxLength: 4 }))
    .map(([seed, many]) => many.reduce(changed, structuredClone(seed)));
  return fc.oneof(
    { weight: 8, arbitrary: mutated },
    { weight: 1, arbitrary: seeds },
    { weight: 1, arbitrary: fc.constantFrom(...hostileValues(canary)) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => [value, canary]) },
  );
}

interface Place {
  parent: Record<string | number, unknown>;
  key: string | number;
}

function placesIn(value: unknown, places: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null || places.length > 2_000) return places;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    const parent = value as Place['parent'];
    places.push({ parent, key });
    placesIn(parent[key], places);
  }
  return places;
}

function changed(document: unknown, change: Change): unknown {
  const root = { root: document };
  const places = placesIn(root);
  const { parent, key } = places[change.at % places.length] as Place;
  switch (change.how) {
    case 'replace':
      parent[key] = structuredClone(change.value);
      break;
    case 'insert':
      insert(parent[key], change.value);
      break;
    case 'remove':
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else if (parent !== root) delete parent[key];
      break;
    case 'twice':
      if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
      break;
    case 'wrap':
      parent[key] = [parent[key]];
      break;
    case 'swap': {
      const other = places[change.with % places.length] as Place;
      // A part is not put into itself.
      parent[key] = structuredClone(other.parent[other.key]);
      break;
    }
  }
  return root.root;
}

function insert(into: unknown, value: unknown): void {
  if (Array.isArray(into)) {
    into.splice(into.length >> 1, 0, structuredClone(value));
  } else if (typeof into === 'object' && into !== null) {
    const name = typeof value === 'string' && value !== '__proto__' ? value : 'more';
    (into as Record<string, unknown>)[name] = structuredClone(value);
  }
}

/** Where, how far and how: positions are parts of the whole, so that they shrink and fit any length. */
interface Cut {
  how: 'cut' | 'repeat' | 'insert' | 'flip' | 'end' | 'case';
  from: number;
  length: number;
  times: number;
  piece: string;
}

const cuts = (pieces: readonly string[]): fc.Arbitrary<Cut> =>
  fc.record({
    how: fc.constantFrom('cut', 'repeat', 'insert', 'flip', 'end', 'case'),
    from: fc.nat(10_000),
    length: fc.nat(40),
    times: fc.constantFrom(1, 2, 40, 400),
    piece: fc.constantFrom(...pieces),
  });

const longest = 65_536;

/** @param pieces what is put in, beside the canary: what the grammar of this text stumbles over */
export function texts(
  seeds: readonly string[],
  canary: string,
  pieces: readonly string[] = [],
): fc.Arbitrary<string> {
  const put = [
    canary,
    `\n${canary}`,
    '\u0000',
    '\ud800',
    '"',
    '\\',
    '%',
    '__proto__',
    'é',
    '\u2028',
    ' ',
    '-1',
    ...pieces,
  ];
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(cuts(put), { minLength: 1, maxLength: 4 }))
    .map(([seed, many]) => many.reduce(cutText, seed));
  return fc.oneof(
    { weight: 8, arbitrary: mutated },
    { weight: 1, arbitrary: fc.constantFrom(...seeds) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        ' ',
        canary,
        'null',
        '[]',
        '{}',
        `"${canary}"`,
        canary.repeat(2_000),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'binary', maxLength: 200 }).map((text) => `${text}${canary}`),
    },
  );
}

function cutText(text: string, { how, from, length, times, piece }: Cut): string {
  const at = text.length === 0 ? 0 : from % text.length;
  const [head, part, tail] = [
    text.slice(0, at),
    text.slice(at, at + length),
    text.slice(at + length),
  ];
  switch (how) {
    case 'cut':
      return head + tail;
    case 'repeat':
      return (head + part.repeat(times) + tail).slice(0, longest);
    case 'insert':
      return head + piece + text.slice(at);
    case 'flip':
      return (
        head +
        String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << (length % 8))) +
        text.slice(at + 1)
      );
    case 'end':
      return head;
    case 'case':
      return head + part.toUpperCase() + tail;
  }
}

/** The same with bytes: lengths are overwritten with the largest, bits flip, ends are missing. */
export function bytes(seeds: readonly Buffer[], canary: string): fc.Arbitrary<Buffer> {
  const put = [
    canary,
    '\u0000\u0000\u0000\u0000',
    '\u00ff\u00ff\u00ff\u00ff',
    '\u007f\u00ff\u00ff\u00ff',
  ];
  const mutated = fc
    .tuple(
      fc.constantFrom(...seeds.map((seed) => seed.toString('latin1'))),
      fc.array(cuts(put), { minLength: 1, maxLength: 4 }),
    )
    .map(([seed, many]) => Buffer.from(many.reduce(cutBytes, seed), 'latin1'));
  return fc.oneof(
    { weight: 8, arbitrary: mutated },
    { weight: 1, arbitrary: fc.constantFrom(...seeds) },
    {
      weight: 1,
      arbitrary: fc
        .uint8Array({ maxLength: 300 })
        .map((drawn) => Buffer.concat([drawn, Buffer.from(canary)])),
    },
  );
}

const cutBytes = (text: string, cut: Cut): string =>
  cut.how === 'insert' && cut.times > 1
    ? `${text.slice(0, cut.from % (text.length + 1))}${cut.piece}${text.slice((cut.from % (text.length + 1)) + cut.piece.length)}`
    : cutText(text, cut);

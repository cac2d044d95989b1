/** Numbers that look drawn and are the same again with `SEED=…`. */
export interface Drawer {
  readonly seed: number;
  /** In [0, 1). */
  draw(): number;
  /** One of them. */
  draw<T>(from: readonly T[]): T;
}

/** Mulberry32: 32 bits of state, enough for choosing moments. */
export function drawer(seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  function draw(): number;
  function draw<T>(from: readonly T[]): T;
  function draw<T>(from?: readonly T[]): T | number {
    return from === undefined ? next() : (from[Math.floor(next() * from.length)] as T);
  }
  return { seed, draw } satisfies Drawer;
}

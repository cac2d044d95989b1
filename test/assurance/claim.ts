/** What `docs/assurance.md` claims, and by what each claim would be contradicted. */

export interface TestReference {
  /** Below the root of the tree. */
  file: string;
  /** A part of a title as it stands in that file. */
  title: string;
}

/** @param file below `test/` */
export const by = (file: string, title: string): TestReference => ({ file: `test/${file}`, title });

export interface PromiseOfProduct {
  id: `P${number}`;
  promise: string;
  tests: readonly TestReference[];
  /** Ids of figures (`docs/figures/<id>.json`). */
  figures: readonly string[];
  /** What of it is not proven, or holds under a condition. */
  limits?: string;
}

export interface Threat {
  asset: string;
  attacker: string;
  path: string;
  mitigation: string;
  tests: readonly TestReference[];
}

/** A way in which a design of this kind fails, found by review before it was built. */
export interface Trap {
  /** A: what AWS does. H: what an attacker or a mistake does. B: what building it runs into. */
  id: `${'A' | 'H' | 'B'}${number}`;
  trap: string;
  tests: readonly TestReference[];
}

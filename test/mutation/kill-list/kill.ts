/** One way in which a promise can be broken by hand, and the tests that must notice. */
export interface Kill {
  /** What is broken, in the words of the promise. */
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Each of them must turn red. `only`: tests whose name matches; the others of the file are not run. */
  readonly red: readonly { readonly suite: string; readonly only?: RegExp }[];
}

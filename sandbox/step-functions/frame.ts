import type { Json } from './json.ts';

/**
 * Where a machine, branch or iteration stands: its state and that state's input. A redrive goes on from
 * here; what is done below a Parallel or Map state is not done again.
 */
export interface Frame {
  state: string;
  input: Json;
  /** Of the Parallel or Map state it stands at: one a branch or iteration. */
  children?: Frame[];
  done?: { output: Json };
}

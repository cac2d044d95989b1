import type { Json } from './json.ts';
import type { MapRun } from './map-run.ts';

/**
 * Where a machine, branch or iteration stands: its state and that state's input. A redrive goes on from
 * here; what is done below a Parallel or Map state is not done again.
 */
export interface Frame {
  state: string;
  input: Json;
  /** Of the Parallel or Map state it stands at: one a branch or iteration. */
  children?: Frame[];
  /** Of the distributed Map state it stands at. */
  mapRun?: MapRun;
  /** When the state was entered; a redrive goes on in it and does not enter it again. */
  entered?: string;
  done?: { output: Json };
}

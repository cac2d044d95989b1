/** What `quarterturn gate` found, for a pipeline to keep. Names and ids, never a value. */
import type { RotationReport } from './rotation-report.ts';

export interface GateReport {
  readonly report: 'quarterturn-gate';
  readonly version: 1;
  /** When it ended (UTC). */
  readonly at: string;
  readonly deployment: { readonly name: string; readonly environment: string };
  readonly caller: RotationReport['caller'];
  /** Id of the event on the bus: also in the audit event `credential-trigger`. */
  readonly requestId: string;
  /** open: everything that was asked for is done. */
  readonly gate: 'open' | 'closed' | 'asked' | 'interrupted';
  readonly problem?: { readonly code: string; readonly message: string };
  readonly secrets: readonly GatedSecret[];
}

export interface GatedSecret {
  readonly key: string;
  /** finished: rotated, and everything that follows it done; notDue: nothing to do; asked: not waited for. */
  readonly state: 'finished' | 'notDue' | 'asked' | 'refused' | 'person' | 'failed';
  readonly versionId?: string;
  readonly problem?: { readonly code: string; readonly message: string };
  /** What to run next. */
  readonly next?: string;
}

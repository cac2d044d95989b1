/** What `quarterturn adopt` found and did; with `--json` this document is its whole standard output. */
import type {
  BootstrapExecuted,
  BootstrapPlanAnswer,
  Rehearsal,
} from '../events/operator-requests.ts';
import type { AdoptionRefusal } from '../policy/adoption.ts';

export interface AdoptionReport {
  report: 'quarterturn-adoption';
  version: 1;
  at: string;
  deployment: { name: string; environment: string };
  caller: { arn: string; account: string; region: string; endpoint?: string };
  secret: { key: string; name: string; kind: string; armed: boolean };
  /**
   * - adopted:        recorded now; alreadyAdopted: before, nothing was changed
   * - dryRun:         would be adopted; nothing was changed
   * - refused:        something stands in the way; nothing was changed
   * - needsBootstrap: a person has to run `bootstrap.statements` first; nothing was changed
   * - notConfirmed:   nobody said yes; nothing was changed
   */
  outcome: 'adopted' | 'alreadyAdopted' | 'dryRun' | 'refused' | 'needsBootstrap' | 'notConfirmed';
  refusals: readonly AdoptionRefusal[];
  rehearsal?: Rehearsal;
  bootstrap?: BootstrapPlanAnswer;
  executed?: BootstrapExecuted;
  /** Since when the material it holds is in use: its age until the first date label. */
  materialSince?: string;
}

/** What the stages of the machine note (`lambdas/emergency`), as sentences. */
import type { Evidence } from '../../events/control-records.ts';
import { but, drillFacts } from './drill-evidence.ts';

type Detail = NonNullable<Evidence['detail']>;

/** Fact → sentence. */
export const stageFacts: Readonly<Record<string, (detail: Detail) => string>> = {
  told: (it) =>
    it.phase === undefined
      ? `${it.audience ?? 'somebody'} was told`
      : `whoever is to hear of it was told that it is ${it.phase}`,
  suspectsDenied: (it) => `the policy of ${it.secret} denies the suspects`,
  sessionsRevoked: (it) => `sessions of ${it.principal} from before ${it.before} are refused`,
  noSessionsToRevoke: (it) =>
    `${it.principal} is a user: its access keys go on working until somebody deactivates them`,
  containmentLifted: (it) => `what was denied to the suspects was taken away again at ${it.at}`,
  consumerStopped: (it) => `${it.consumer} is stopped${but(it)}`,
  consumerStopping: (it) => `${it.consumer} was not stopped in time${but(it)}`,
  consumerNotStoppable: (it) =>
    `${it.consumer} has nothing that could be stopped or started${but(it)}`,
  consumerNotStopped: (it) => `${it.consumer} could NOT be stopped${but(it)}`,
  secretsChanged: (it) =>
    `replaced and looked at: ${Number(it.proven ?? 0) + Number(it.notProvenDead ?? 0)}${
      it.notProvenDead === undefined ? '' : `, of which NOT proven dead: ${it.notProvenDead}`
    }; for a person: ${it.person ?? 0}; failed: ${it.failed ?? 0}${
      (it.checked ?? 0) === 0 ? '' : `; looked at without effect: ${it.checked}`
    }`,
  wayNotCleared: (it) => `the rotation in flight could not be made to give way${but(it)}`,
  consumerStarted: (it) => `${it.consumer} runs with what it ran with${but(it)}`,
  consumerStarting: (it) => `${it.consumer} did not come back in time${but(it)}`,
  consumerNotStarted: (it) => `${it.consumer} could NOT be started${but(it)}`,
  consumerWaits: (it) => `${it.consumer} waits for the rows of ${it.rowsOf} to move`,
  consumerRestarted: (it) =>
    `${it.consumer} was restarted${it.restartedAt === undefined ? '' : ` at ${it.restartedAt}`}${
      it.proof === undefined ? '' : `, ${proofs[String(it.proof)] ?? it.proof}`
    }`,
  consumerNotRestarted: (it) => `${it.consumer} could NOT be restarted${but(it)}`,
  settled: (it) => `what follows the rotation has finished for ${it.finished ?? 0}`,
  rowsFollow: (it) => `rows of ${it.secret} follow: ${it.state}`,
  readersLookedUp: (it) =>
    `${it.readers ?? 0} readers were found, ${it.unknown ?? 0} of them not declared, in ${it.regions ?? 'no region'}${but(it)}`,
  reportStored: (it) => `s3://${it.bucket}/${it.key}`,
  ...drillFacts,
};

/** How it is known that a consumer works (`domain/events/rollout.ts`). */
const proofs: Readonly<Record<string, string>> = {
  held: 'and reports the new version',
  answered: 'and works',
  none: 'and nobody asks whether it works',
};

/** Facts that say something is missing. */
export const stageReservations: ReadonlySet<string> = new Set([
  'noSessionsToRevoke',
  'consumerStopping',
  'consumerNotStopped',
  'wayNotCleared',
  'consumerStarting',
  'consumerNotStarted',
  'consumerNotRestarted',
]);

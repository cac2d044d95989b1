/**
 * One tick: every secret of the manifest gets a verdict; what the verdict asks for is done, and each
 * secret leaves one line in the log. A secret that fails does not keep the others from their turn.
 *
 * 1. The inventory: labels, records and verdicts (`inventory.ts`).
 * 2. First values are made and lost AfterRotations restarted at once.
 * 3. Of the secrets that are due now or soon, each has its turn (`domain/policy/plan.ts`): announced for an hour
 *    inside the window, and rotated at the first tick of that hour, the oldest first, so many a tick. One whose
 *    rotation of an hour ago came to nothing lets the others go first: what is refused every time must not keep
 *    them from their turn.
 * 4. What is overdue, or near its limit and kept from rotating, is said once a day.
 * 5. A value that waits in an inbox is taken, and owners of a user-managed secret are reminded of its age.
 * 6. A re-encryption that was never started, or whose execution died, is started again.
 */
import type { Manifest } from '../../domain/config/manifest.ts';
import type { Verdict } from '../../domain/policy/due.ts';
import { oldestFirst } from '../../domain/policy/oldest-first.ts';
import { isOverdueOrStuck } from '../../domain/policy/overdue.ts';
import type { Turn } from '../../domain/policy/plan.ts';
import { standstillOf } from '../../domain/policy/stalled.ts';
import { type Stray, strayReason } from '../../domain/policy/strays.ts';
import { inParallel } from '../rotation/in-parallel.ts';
import { type Acting, actAtOnce, announceFor, rotateNow, waitFor } from './act.ts';
import { wasAskedAnHourAgo } from './ask-for-rotation.ts';
import type { CadenceDoors } from './doors.ts';
import { type Inventory, type Judged, secretsAtATime, takeInventory } from './inventory.ts';
import { measure } from './measure.ts';
import { remindOwners } from './remind.ts';
import { restartReencryption } from './restart-reencryption.ts';
import { guarded, resultOf, type SecretResult, type TickSummary } from './result.ts';
import { takeFromInboxes } from './take-from-inbox.ts';
import { tellOverdue } from './tell.ts';
import { turnsOf } from './turns.ts';

export type { Done, SecretResult, TickSummary } from './result.ts';

/** Rotations started in one tick: each restarts consumers, so one hour passes between two. */
export const rotationsPerTick = 1;

/** ARNs of the state machines that a tick starts again. */
export interface Machines {
  afterRotation: string;
  /** Absent where no rows follow a key. */
  reencryption?: string | undefined;
}

const immediate: ReadonlySet<Verdict['act']> = new Set(['makeFirstValue', 'restartAfterRotation']);

export async function tick(
  doors: CadenceDoors,
  manifest: Manifest,
  machines: Machines,
): Promise<TickSummary> {
  const results = new Map<string, SecretResult>();
  const acting: Acting = { doors, manifest, afterRotation: machines.afterRotation };
  const inventory = await takeInventory(doors, manifest, results);
  const { judged } = inventory;

  for (const entry of judged.filter(({ verdict }) => immediate.has(verdict.act))) {
    await guarded(results, entry.secret.name, entry.verdict.decision, () =>
      actAtOnce(acting, entry),
    );
  }

  await takeFromInboxes(doors, inventory, results);

  const turns = turnsOf(judged, manifest, doors.clock.now());
  await rotateWhoseHourHasCome(acting, judged, turns, results);
  const byName = new Map(judged.map((entry) => [entry.secret.name, entry]));
  for (const [name, turn] of turns) {
    const entry = byName.get(name);
    if (entry === undefined || turn.step === 'rotate') continue;
    await guarded(results, entry.secret.name, entry.verdict.decision, () =>
      turn.step === 'announce'
        ? announceFor(acting, entry, turn.plannedAt)
        : waitFor(acting, entry, turn.plannedAt),
    );
  }

  await sayWhatIsOverdue(doors, judged, results);
  for (const entry of judged) {
    await guarded(results, entry.secret.name, entry.verdict.decision, async () => {
      const restarted = await rowsRestarted(doors, entry, machines.reencryption);
      const result = results.get(entry.secret.name) ?? resultOf(entry, 'nothing');
      return restarted === undefined ? result : { ...result, finding: true, restarted };
    });
  }
  const unreminded = await remindOwners(doors, manifest, inventory);
  return summarise(doors, manifest, inventory, [...results.values()], unreminded);
}

async function rotateWhoseHourHasCome(
  acting: Acting,
  judged: readonly Judged[],
  turns: ReadonlyMap<string, Turn>,
  results: Map<string, SecretResult>,
): Promise<void> {
  const turnOf = ({ secret }: Judged) => turns.get(secret.name);
  const ready = judged.filter((entry) => turnOf(entry)?.step === 'rotate');
  let started = 0;
  for (const entry of await failedLast(acting.doors, oldestFirst(ready))) {
    await guarded(results, entry.secret.name, entry.verdict.decision, async () => {
      const turn = turnOf(entry);
      if (started >= rotationsPerTick || turn?.step !== 'rotate') {
        return resultOf(entry, 'staggered');
      }
      const result = await rotateNow(acting, entry, turn);
      if (result.done === 'rotationStarted') started += 1;
      return result;
    });
  }
}

async function failedLast(doors: CadenceDoors, due: readonly Judged[]): Promise<Judged[]> {
  const failed = new Set<Judged>();
  for (const entry of due.length > rotationsPerTick ? due : []) {
    if (await wasAskedAnHourAgo(doors, entry.secret, entry.description)) failed.add(entry);
  }
  return [...due.filter((entry) => !failed.has(entry)), ...failed];
}

async function sayWhatIsOverdue(
  doors: CadenceDoors,
  judged: readonly Judged[],
  results: Map<string, SecretResult>,
): Promise<void> {
  const now = doors.clock.now();
  await inParallel(judged, secretsAtATime, async (entry) => {
    const { secret, verdict, remarks } = entry;
    const result = results.get(secret.name) ?? resultOf(entry, 'nothing');
    // What is under way needs no word; if it comes to nothing, the next tick has it.
    if (result.done === 'rotationStarted') return;
    if (!isOverdueOrStuck(verdict, remarks.length > 0, now)) return;
    await guarded(results, secret.name, verdict.decision, async () => {
      await tellOverdue(doors, entry, result.reason);
      return result;
    });
  });
}

/** @returns the execution that was started, where one of the rows was due or died */
async function rowsRestarted(
  doors: CadenceDoors,
  { secret, description, facts }: Judged,
  stateMachineArn: string | undefined,
): Promise<string | undefined> {
  const rows = secret.kind === 'encryption' ? secret.reencryption : undefined;
  const record = facts.reencryption;
  if (rows === undefined || record === undefined || stateMachineArn === undefined) {
    return undefined;
  }
  return restartReencryption(doors, {
    stateMachineArn,
    function: rows.function,
    secret: description,
    record,
  });
}

function summarise(
  { log, metrics, clock }: CadenceDoors,
  manifest: Manifest,
  { judged, strays }: Inventory,
  results: SecretResult[],
  /** User-managed secrets whose age could not be told. */
  unreminded: number,
): TickSummary {
  const verdicts = new Map(judged.map(({ secret, verdict }) => [secret.name, verdict]));
  for (const { secretName: secret, ...result } of results) {
    const verdict = verdicts.get(secret);
    const write = result.finding ? log.error : log.info;
    write('cadence', {
      secret,
      ...result,
      rotatedAt: verdict?.rotatedAt?.toISOString(),
      rotateAt: verdict?.rotateAt?.toISOString(),
      limitAt: verdict?.limitAt?.toISOString(),
    });
  }
  for (const stray of strays) {
    const write = stray.kind === 'stray' ? log.error : log.info;
    write('cadence-stray', {
      secret: stray.name,
      kind: stray.kind,
      finding: stray.kind === 'stray',
      reason: strayReason(stray),
    });
  }
  const findings =
    results.filter(({ finding }) => finding).length + strays.filter(isFinding).length + unreminded;
  const stalled = judged.filter(({ facts }) => standstillOf(facts)?.finding === true).length;
  const measured = judged.map(({ secret, verdict, facts }) => ({
    secretName: secret.name,
    verdict,
    reencryption: facts.reencryption?.state,
  }));
  measure(metrics, manifest, measured, { findings, stalled }, clock.now());
  log.info('cadence-summary', { secrets: results.length, findings });
  return { secrets: results.length, findings, results, strays: [...strays] };
}

const isFinding = ({ kind }: Stray): boolean => kind === 'stray';

/**
 * One tick: every secret of the manifest gets a verdict; what the verdict asks for is done, and each
 * secret leaves one line in the log. A secret that fails does not keep the others from their turn.
 *
 * 1. One ListSecrets call for a hundred secrets gives the labels, and with the control table the verdicts.
 * 2. A secret about to be changed is read again with DescribeSecret and judged again: the list may be five
 *    minutes old (API_ListSecrets).
 * 3. First values are made and lost AfterRotations restarted at once; of the secrets that are due the
 *    oldest are rotated, so many a tick. One whose rotation of an hour ago came to nothing lets the others go first:
 *    what is refused every time must not keep them from their turn.
 * 4. A re-encryption that was never started, or whose execution died, is started again.
 */
import type { Manifest, RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { secretName } from '../../domain/config/names.ts';
import { type Decision, decide, type SecretFacts, type Verdict } from '../../domain/policy/due.ts';
import { oldestFirst } from '../../domain/policy/oldest-first.ts';
import { standstillOf } from '../../domain/policy/stalled.ts';
import { factsOf } from '../../doors/secret-facts.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import { askAsCadence, wasAskedAnHourAgo } from './ask-for-rotation.ts';
import type { CadenceDoors } from './doors.ts';
import { measure } from './measure.ts';
import { restartAfterRotation } from './restart-after-rotation.ts';
import { restartReencryption } from './restart-reencryption.ts';

/** Rotations started in one tick: each restarts consumers, so one hour passes between two. */
export const rotationsPerTick = 1;

export type Done =
  | 'nothing'
  | 'rotationStarted'
  | 'firstValueStarted'
  | 'afterRotationRestarted'
  /** Due, but another secret's turn came first. */
  | 'staggered'
  /** The second look, or somebody who was quicker, left nothing to do. */
  | 'superseded'
  | 'refused'
  | 'failed';

export interface SecretResult {
  secretName: string;
  decision: Decision | 'unknown';
  done: Done;
  finding: boolean;
  reason: string;
  /** The token of the rotation, or the name of the execution, that was started. */
  started?: string;
  /** The execution of its re-encryption that was started again. */
  restarted?: string;
}

/** ARNs of the state machines that a tick starts again. */
export interface Machines {
  afterRotation: string;
  /** Absent where no rows follow a key. */
  reencryption?: string | undefined;
}

export interface TickSummary {
  secrets: number;
  findings: number;
  results: SecretResult[];
}

interface Judged {
  secret: RotatedManifestSecret;
  description: SecretDescription;
  facts: SecretFacts;
  verdict: Verdict;
}

export async function tick(
  doors: CadenceDoors,
  manifest: Manifest,
  machines: Machines,
): Promise<TickSummary> {
  const results = new Map<string, SecretResult>();
  const judged: Judged[] = [];
  const secrets = manifest.secrets.filter((secret) => secret.kind !== 'userManaged');
  const listed = await list(doors, manifest);

  for (const secret of secrets) {
    await guarded(results, secret.name, 'unknown', async () => {
      // An adopted secret keeps its own name, which no prefix finds.
      const description =
        listed.get(secret.name) ?? (await doors.secretsManager.describe(secret.name));
      const entry = await judge(doors, secret, description);
      judged.push(entry);
      return resultOf(entry, 'nothing');
    });
  }

  for (const entry of judged.filter(({ verdict }) => immediate.has(verdict.act))) {
    await guarded(results, entry.secret.name, entry.verdict.decision, () =>
      act(doors, entry, machines.afterRotation),
    );
  }

  let started = 0;
  for (const entry of await failedLast(doors, oldestFirst(judged))) {
    await guarded(results, entry.secret.name, entry.verdict.decision, async () => {
      if (started >= rotationsPerTick) return resultOf(entry, 'staggered');
      const result = await act(doors, entry, machines.afterRotation);
      if (result.done === 'rotationStarted') started += 1;
      return result;
    });
  }

  for (const entry of judged) {
    await guarded(results, entry.secret.name, entry.verdict.decision, async () => {
      const restarted = await rowsRestarted(doors, entry, machines.reencryption);
      const result = results.get(entry.secret.name) ?? resultOf(entry, 'nothing');
      return restarted === undefined ? result : { ...result, finding: true, restarted };
    });
  }
  return summarise(doors, manifest, judged, [...results.values()]);
}

const immediate: ReadonlySet<Verdict['act']> = new Set(['makeFirstValue', 'restartAfterRotation']);

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

async function list({ secretsManager }: CadenceDoors, manifest: Manifest) {
  const found = await secretsManager.list(secretName(manifest, ''));
  return new Map(found.map((description) => [description.name, description]));
}

async function judge(
  doors: CadenceDoors,
  secret: RotatedManifestSecret,
  description: SecretDescription,
): Promise<Judged> {
  const facts = await factsOf(doors, secret, description);
  return { secret, description, facts, verdict: decide(facts) };
}

async function failedLast(doors: CadenceDoors, due: readonly Judged[]): Promise<Judged[]> {
  const failed = new Set<Judged>();
  for (const entry of due.length > rotationsPerTick ? due : []) {
    if (await wasAskedAnHourAgo(doors, entry.secret, entry.description)) failed.add(entry);
  }
  return [...due.filter((entry) => !failed.has(entry)), ...failed];
}

/** Does what the verdict asks for, if it still asks for it on a second look. */
async function act(
  doors: CadenceDoors,
  seen: Judged,
  stateMachineArn: string,
): Promise<SecretResult> {
  const fresh = await doors.secretsManager.describe(seen.description.arn);
  const entry = await judge(doors, seen.secret, fresh);
  if (entry.verdict.act !== seen.verdict.act) return resultOf(entry, 'superseded');

  if (entry.verdict.act === 'restartAfterRotation' && entry.facts.afterRotation !== undefined) {
    const started = await restartAfterRotation(
      doors,
      stateMachineArn,
      entry.description,
      entry.facts.afterRotation,
    );
    return { ...resultOf(entry, 'afterRotationRestarted'), started };
  }

  const asked = await askAsCadence(doors, entry.secret, fresh, entry.verdict.reason);
  switch (asked.outcome) {
    case 'started':
      return {
        ...resultOf(
          entry,
          entry.verdict.act === 'makeFirstValue' ? 'firstValueStarted' : 'rotationStarted',
        ),
        started: asked.token,
      };
    case 'inProgress':
      return resultOf(entry, 'superseded');
    case 'refused': {
      const { code, message } = asked.refusal;
      const finding = code !== 'ERR_ROTATION_LEASED' && code !== 'ERR_ROTATION_IN_PROGRESS';
      return { ...resultOf(entry, 'refused'), finding, reason: `${code}: ${message}` };
    }
  }
}

function resultOf({ secret, verdict, facts }: Judged, done: Done): SecretResult {
  const { decision, finding, reason } = verdict;
  const standstill = standstillOf(facts);
  return {
    secretName: secret.name,
    decision,
    done,
    finding: finding || standstill?.finding === true,
    reason: standstill === undefined ? reason : `${reason}; ${standstill.reason}`,
  };
}

/** Our own errors speak for themselves; of any other only the class is told, its text may hold anything. */
async function guarded(
  results: Map<string, SecretResult>,
  secretName: string,
  decision: SecretResult['decision'],
  work: () => Promise<SecretResult>,
): Promise<void> {
  try {
    results.set(secretName, await work());
  } catch (error) {
    const { name, code, message } = error as { name?: string; code?: string; message?: string };
    const reason = code?.startsWith('ERR_ROTATION_') ? `${code}: ${message}` : (name ?? 'Error');
    results.set(secretName, { secretName, decision, done: 'failed', finding: true, reason });
  }
}

function summarise(
  { log, metrics, clock }: CadenceDoors,
  manifest: Manifest,
  judged: readonly Judged[],
  results: SecretResult[],
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
  const findings = results.filter(({ finding }) => finding).length;
  const stalled = judged.filter(({ facts }) => standstillOf(facts)?.finding === true).length;
  const measured = judged.map(({ secret, verdict, facts }) => ({
    secretName: secret.name,
    verdict,
    reencryption: facts.reencryption?.state,
  }));
  measure(metrics, manifest, measured, { findings, stalled }, clock.now());
  log.info('cadence-summary', { secrets: results.length, findings });
  return { secrets: results.length, findings, results };
}

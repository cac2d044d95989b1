/**
 * `doctor --repair`: one repair after another, each confirmed, each looked at again right before it is done. What
 * is done is done by the secret's own function, which refuses what is another's: a lease, an emergency, compromised
 * material.
 */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import {
  type Abandon,
  abandonedSchema,
  type Resume,
  resumedSchema,
} from '../../domain/events/diagnosis.ts';
import { loginAnswerSchema } from '../../domain/events/operator-requests.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { Repair } from '../../domain/policy/diagnosis.ts';
import type {
  DoctoredSecret,
  DoctorFinding,
  Repaired,
} from '../../domain/reports/doctor-report.ts';
import { restartAfterRotation } from '../../doors/restart-after-rotation.ts';
import type { OpenDeployment } from '../command.ts';
import { FunctionAnswerError, RepairFailedError } from '../errors.ts';
import { examine } from './examine.ts';

export interface Repairing {
  readonly deployment: OpenDeployment;
  readonly secret: RotatedManifestSecret;
  /** Give a stuck rotation up where it could be resumed, too. */
  readonly abandon: boolean;
  /** Is a person asked, and may the answer take its time? */
  readonly asks: boolean;
  confirm(question: string): Promise<boolean>;
  /** Progress. */
  say(line: string): void;
}

/** A repair shows what was behind it: a label off AWSCURRENT, a login set, an AfterRotation due. */
const most = 8;

/** @returns what was done, and the secret as it was found afterwards */
export async function repair(
  repairing: Repairing,
  found: DoctoredSecret,
): Promise<{ repairs: Repaired[]; secret: DoctoredSecret }> {
  const { deployment, secret } = repairing;
  const repairs: Repaired[] = [];
  const tried = new Set<string>();
  let seen = found;
  for (let turn = 0; turn < most; turn++) {
    const next = nextOf(seen, tried, repairing.abandon);
    if (next === undefined) break;
    tried.add(next.id);
    const done = await attempt(repairing, next, seen);
    repairs.push({ key: secret.key, code: next.finding.code, repair: next.repair, ...done });
    repairing.say(`  ${done.outcome}: ${done.message}`);
    if (done.outcome !== 'notConfirmed') seen = await examine(deployment, secret);
  }
  return { repairs, secret: seen };
}

interface Next {
  id: string;
  finding: DoctorFinding;
  repair: Repair;
}

function nextOf(
  { findings }: DoctoredSecret,
  tried: ReadonlySet<string>,
  abandon: boolean,
): Next | undefined {
  for (const finding of findings) {
    const { repairs = [] } = finding;
    const [preferred] = repairs;
    const chosen = (abandon && repairs.find(({ kind }) => kind === 'abandon')) || preferred;
    if (chosen === undefined) continue;
    const id = JSON.stringify([finding.code, chosen]);
    if (!tried.has(id)) return { id, finding, repair: chosen };
  }
  return undefined;
}

type Done = Pick<Repaired, 'outcome' | 'message'>;

async function attempt(
  repairing: Repairing,
  { finding, repair: chosen }: Next,
  seen: DoctoredSecret,
): Promise<Done> {
  const { deployment, secret, asks } = repairing;
  const what = described(chosen, secret.key);
  if (!(await repairing.confirm(what))) {
    return { outcome: 'notConfirmed', message: `not confirmed: ${what}` };
  }
  // While a person thought about it, the service may have tried the rotation again.
  const again = asks ? await examine(deployment, secret) : seen;
  const still = again.findings.some(
    ({ code, repairs = [] }) => code === finding.code && repairs.some((it) => same(it, chosen)),
  );
  if (!still) {
    return { outcome: 'gone', message: 'looked at again, there was nothing left to repair' };
  }
  try {
    return { outcome: 'done', message: await perform(repairing, chosen) };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: string };
    if (typeof code !== 'string' || !code.startsWith('ERR_ROTATION_')) throw error;
    return { outcome: 'failed', message: message ?? code };
  }
}

const same = (one: Repair, other: Repair): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The question; and, answered with no, what was left undone. */
function described(chosen: Repair, key: string): string {
  switch (chosen.kind) {
    case 'resume':
      return `Resume rotation ${chosen.versionId} of ${key}, under the same token?`;
    case 'abandon':
      return `Give rotation ${chosen.versionId} of ${key} up, and pin its value where the target may accept it?`;
    case 'clearPending':
      return `Take AWSPENDING off AWSCURRENT of ${key}?`;
    case 'restoreLogin':
      return `Set AWSCURRENT of ${key} into its database?`;
    case 'restartAfterRotation':
      return `Start the AfterRotation of ${chosen.versionId} of ${key} again?`;
  }
}

function perform(repairing: Repairing, chosen: Repair): Promise<string> {
  switch (chosen.kind) {
    case 'resume':
      return resume(repairing, chosen.versionId);
    case 'abandon':
    case 'clearPending':
      return takePendingAway(repairing, chosen.versionId);
    case 'restoreLogin':
      return restoreLogin(repairing);
    case 'restartAfterRotation':
      return startAgain(repairing, chosen.versionId);
  }
}

const steps: readonly Resume['step'][] = [
  'createSecret',
  'setSecret',
  'testSecret',
  'finishSecret',
];

async function resume({ deployment, secret, say }: Repairing, versionId: string): Promise<string> {
  for (const step of steps) {
    const request: Resume = { operation: 'resume', versionId, step };
    const answer = readAs(
      resumedSchema,
      await deployment.functions.invoke(secret.function, request),
    );
    if (!answer.success) throw new FunctionAnswerError(secret.function, 'outcome');
    say(`  ${step}: ${answer.data.outcome}`);
  }
  return `AWSCURRENT is ${versionId}`;
}

async function takePendingAway(
  { deployment, secret }: Repairing,
  versionId: string,
): Promise<string> {
  const requestedBy = deployment.caller.arn.slice(0, 256);
  const request: Abandon = { operation: 'abandon', versionId, requestedBy };
  const answer = readAs(
    abandonedSchema,
    await deployment.functions.invoke(secret.function, request),
  );
  if (!answer.success) throw new FunctionAnswerError(secret.function, 'outcome');
  switch (answer.data.outcome) {
    case 'nothingToDo':
      return 'AWSPENDING was elsewhere already';
    case 'cleared':
      return `AWSPENDING is off ${versionId}`;
    case 'pinned':
      return `AWSPENDING is off ${versionId}, which is pinned: the target accepts its value, or did not say`;
  }
}

async function restoreLogin({ deployment, secret }: Repairing): Promise<string> {
  const answer = readAs(
    loginAnswerSchema,
    await deployment.functions.invoke(secret.function, { operation: 'restoreLogin' }),
  );
  if (!answer.success) throw new FunctionAnswerError(secret.function, 'outcome');
  const { outcome, role = 'its role', reason } = answer.data;
  switch (outcome) {
    case 'restored':
      return `${role} has AWSCURRENT's password again`;
    case 'works':
      return `${role} logs in with AWSCURRENT already`;
    case 'pendingRestored':
      return `AWSCURRENT is compromised, so ${role} was shut out and has the pending password`;
    default:
      throw new RepairFailedError(
        `AWSCURRENT of ${secret.key} was not set (${outcome}): ${reason ?? 'nothing was changed'}`,
      );
  }
}

/** Whether the dead execution still has it is decided by the new one's first task, by compare-and-swap. */
async function startAgain({ deployment, secret }: Repairing, versionId: string): Promise<string> {
  const { manifest, caller, controlTable, secretsManager, clock } = deployment;
  const [description, record] = await Promise.all([
    secretsManager.describe(secret.name),
    controlTable.getAfterRotation(secret.name, versionId),
  ]);
  if (record === undefined) {
    throw new RepairFailedError(`Version ${versionId} of ${secret.key} has no AfterRotation.`);
  }
  // arn:<partition>:…; China and GovCloud have partitions of their own.
  const [, partition = 'aws'] = caller.arn.split(':');
  const machine = `arn:${partition}:states:${caller.region}:${caller.account}:stateMachine:${manifest.afterRotationMachine}`;
  const name = await restartAfterRotation(deployment, machine, description, record);
  for (let look = 0; look < 10; look++) {
    await clock.sleep(1_000);
    const now = await controlTable.getAfterRotation(secret.name, versionId);
    if (now?.state !== record.state || now.execution !== record.execution) {
      return `execution ${name} works on it`;
    }
  }
  return `execution ${name} is started, and has not taken it yet`;
}

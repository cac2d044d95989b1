/**
 * `quarterturn rollback`. Whoever runs it may not read a value, so the secret's own function says what would happen,
 * and every refusal of the rollback is met before anything is changed. Then it is a rotation like every other.
 */

import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { HoldRecord, IntentRecord, LeaseRecord } from '../../domain/events/control-records.ts';
import {
  type RollbackRehearsal,
  rollbackRehearsalSchema,
} from '../../domain/events/rollback-rehearsal.ts';
import { currentVersion, rotationInProgress } from '../../domain/policy/labels.ts';
import type { RollBackReport } from '../../domain/reports/rollback-report.ts';
import {
  askForRollBack,
  letGo,
  ownerOf,
  RollBackNotStartedError,
} from '../../doors/ask-for-roll-back.ts';
import { FunctionFailedError } from '../../doors/functions.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import { ask } from '../adoption/examine.ts';
import type { OpenDeployment } from '../command.ts';
import { documentHead } from '../document-head.ts';
import { commandsFor } from '../status/commands.ts';
import { wrap } from '../table.ts';
import { followToEnd, type Watching } from './follow-to-end.ts';
import { planLines, type RollBackPlan } from './roll-back-plan.ts';
import { datedVersion, type Problem, rollBackTarget } from './roll-back-target.ts';
import { requesterOf } from './rotate-one.ts';

export interface RollBackRequest extends Watching {
  /** A date label, a day, or the id of a version; absent: AWSPREVIOUS. */
  readonly to: string | undefined;
  readonly reason: string | undefined;
  readonly yes: boolean;
  readonly wait: boolean;
}

/** After a rollback, where the deployment says nothing else (design: 72 h). */
const defaultHoldSeconds = 72 * 3_600;

export async function rollBack(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  request: RollBackRequest,
): Promise<RollBackReport> {
  const { manifest, clock, secretsManager } = deployment;
  const report = (
    outcome: RollBackReport['outcome'],
    more: Partial<RollBackReport> = {},
  ): RollBackReport => ({
    report: 'quarterturn-rollback',
    ...documentHead(deployment),
    secret: { key: secret.key, name: secret.name },
    followed: false,
    steps: [],
    consumers: [],
    promoted: false,
    outcome,
    ...more,
  });
  const refused = (problem: Problem, more: Partial<RollBackReport> = {}) =>
    report('refused', { problem, next: commandsFor(deployment).look(secret.key), ...more });

  const described = await secretsManager.describe(secret.name);
  const stages = described.versionIdsToStages;
  const target = await rollBackTarget(deployment, secret, stages, request.to);
  const found = await underWay(deployment, secret, described, request, target);
  if (found.state === 'refused') return refused(found.problem);
  if (found.state === 'follow') {
    request.say(
      `${secret.name}: rollback ${found.token} is in progress already; following that one.`,
    );
    return followed(deployment, secret, described, request, found.token, (outcome, more) =>
      report(outcome, { ...more, followed: true }),
    );
  }
  const restoreVersionId = found.state === 'resume' ? found.restoreVersionId : target;
  if (typeof restoreVersionId !== 'string') return refused(restoreVersionId);

  const rehearsal = await ask(
    deployment,
    secret.function,
    { operation: 'rehearse', rollback: { versionId: restoreVersionId } },
    rollbackRehearsalSchema,
  );
  const hold = await holdAfter(deployment, secret, request.reason);
  const plan = planOf(rehearsal, described, clock.now(), hold);
  const blocking = rehearsal.findings.filter(
    // Our own lease of a moment ago is in nobody's way.
    ({ level, code }) =>
      level === 'blocks' && !(found.state === 'resume' && code === 'ERR_ROTATION_LEASED'),
  );
  const [first] = blocking;
  if (first !== undefined) {
    const { hold: _notPut, ...known } = plan;
    return refused(
      {
        code: first.code,
        message: `${blocking.map(({ message }) => message).join(' ')} Nothing was changed.`,
      },
      { ...known, ...nearestOf(deployment, secret, rehearsal, described) },
    );
  }

  const { terminal, say, yes } = request;
  for (const line of planLines(secret, plan, manifest)) {
    for (const part of wrap(line, terminal.columns)) say(part);
  }
  if (!yes && !(terminal.interactive && (await terminal.confirm(`Roll back ${secret.name}?`)))) {
    const message = terminal.interactive
      ? 'Not confirmed. Nothing was changed.'
      : 'Nobody can be asked here; expected --yes. Nothing was changed.';
    const problem = { code: 'ERR_ROTATION_NOT_CONFIRMED', message };
    return report('refused', { problem, ...plan });
  }

  const token = found.state === 'resume' ? found.token : await deployment.newToken();
  const question = {
    functionName: secret.function,
    secretArn: described.arn,
    secretName: secret.name,
    current: currentVersion(stages),
    token,
    requestedBy: requesterOf(deployment),
    reason: request.reason,
    restoreVersionId,
    hold,
  };
  try {
    const { preempted } = await askForRollBack(deployment, question);
    if (preempted !== undefined) say(`${secret.name}: rotation ${preempted} was pre-empted.`);
  } catch (error) {
    if (!(error instanceof RollBackNotStartedError)) throw error;
    const { code, message } = error;
    return report('failed', { problem: { code, message }, ...plan, versionId: token });
  }
  say(`${secret.name}: rollback ${token} has begun.`);
  return followed(deployment, secret, described, request, token, (outcome, more) =>
    report(outcome, { ...plan, ...more }),
  );
}

async function followed(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  { arn: secretArn, versionIdsToStages }: SecretDescription,
  request: RollBackRequest,
  token: string,
  report: (outcome: RollBackReport['outcome'], more: Partial<RollBackReport>) => RollBackReport,
): Promise<RollBackReport> {
  const commands = commandsFor(deployment);
  if (!request.wait) {
    return report('started', { versionId: token, next: commands.look(secret.key) });
  }
  return request.terminal.untilInterrupted(async (interrupted) => {
    const following = { secret, secretArn, token, inDetail: true, interrupted };
    const { outcome, seen } = await followToEnd(deployment, following, request);
    if (outcome.outcome === 'failed') {
      const current = currentVersion(versionIdsToStages);
      await endLease(deployment, secret, secretArn, { token, current });
    }
    const { outcome: ended, ...more } = outcome;
    const next = ended === 'finished' ? { next: commands.release(secret.key) } : {};
    return report(ended, { ...seen, ...more, ...next, versionId: token });
  });
}

/** A rollback that was given up keeps nobody from the next one; one that is tried again keeps its lease. */
async function endLease(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  secretArn: string,
  { token, current }: { token: string; current: string | undefined },
): Promise<void> {
  const { versionIdsToStages } = await deployment.secretsManager.describe(secretArn);
  if (versionIdsToStages[token] !== undefined) return;
  // An emergency that took its place has the secret, or had it: nothing is let go then.
  if (currentVersion(versionIdsToStages) !== current) return;
  const requestedBy = requesterOf(deployment);
  const question = { functionName: secret.function, token, requestedBy, current };
  await letGo(deployment, question).catch((error: unknown) => {
    if (!(error instanceof FunctionFailedError)) throw error;
  });
}

type UnderWay =
  | { state: 'nothing' }
  | { state: 'follow'; token: string }
  /** This caller's own, which got no further than its lease. */
  | { state: 'resume'; token: string; restoreVersionId: string }
  | { state: 'refused'; problem: Problem };

/** What somebody else, or an earlier run of this command, has begun. */
async function underWay(
  deployment: OpenDeployment,
  { name }: RotatedManifestSecret,
  { versionIdsToStages }: SecretDescription,
  { to }: RollBackRequest,
  target: string | Problem,
): Promise<UnderWay> {
  const { controlTable, clock } = deployment;
  const pending = rotationInProgress(versionIdsToStages);
  const meant = ({ restoreVersionId }: IntentRecord) =>
    to === undefined || restoreVersionId === target;
  if (pending !== undefined) {
    const intent = await controlTable.getIntent(name, pending);
    if (intent?.intent === 'rollback' && meant(intent)) return { state: 'follow', token: pending };
    if (intent?.intent === 'emergency') {
      return { state: 'refused', problem: emergencyInProgress(name, pending, intent) };
    }
  }
  const lease = await controlTable.getLease(name);
  // Written so that an unreadable expiry keeps the lease standing.
  if (lease === undefined || new Date(lease.expiresAt) <= clock.now()) return { state: 'nothing' };
  const intent = await controlTable.getIntent(name, lease.token);
  const ours = intent?.intent === 'rollback' && lease.owner === ownerOf(requesterOf(deployment));
  if (ours && meant(intent) && intent.restoreVersionId !== undefined) {
    const { restoreVersionId } = intent;
    const begun = await controlTable.getRotation(name, lease.token);
    if (begun === undefined) return { state: 'resume', token: lease.token, restoreVersionId };
  }
  return { state: 'refused', problem: leased(name, lease) };
}

const emergencyInProgress = (
  name: string,
  token: string,
  { requestedBy }: IntentRecord,
): Problem => ({
  code: 'ERR_ROTATION_IN_PROGRESS',
  message: `Emergency ${token} of ${name} is in progress (by ${requestedBy}); a rollback never takes its place. Wait for it to end. Nothing was changed.`,
});

const leased = (name: string, { owner, token, expiresAt }: LeaseRecord): Problem => ({
  code: 'ERR_ROTATION_LEASED',
  message: `${owner} has ${name} to itself for rotation ${token} until ${expiresAt}; expected no lease, or one of this rollback. Wait for it to end, or look at that execution. Nothing was changed.`,
});

/** One that lasts longer stays. */
async function holdAfter(
  deployment: OpenDeployment,
  { name }: RotatedManifestSecret,
  reason: string | undefined,
): Promise<HoldRecord> {
  const { manifest, clock, controlTable } = deployment;
  const now = clock.now();
  const seconds = manifest.rollout?.holdSeconds ?? defaultHoldSeconds;
  const until = new Date(now.getTime() + seconds * 1_000).toISOString();
  const standing = await controlTable.getHold(name);
  const why = `rolled back by ${requesterOf(deployment)}${reason === undefined ? '' : `: ${reason}`}`;
  return {
    reason: why,
    at: now.toISOString(),
    until: standing !== undefined && standing.until > until ? standing.until : until,
  };
}

function planOf(
  { current, restore, next, inProgress }: RollbackRehearsal,
  { versionIdsToStages }: SecretDescription,
  now: Date,
  { reason, until }: HoldRecord,
): RollBackPlan {
  const dated = (versionId: string, primary?: string) =>
    datedVersion(versionId, versionIdsToStages, now, primary);
  return {
    ...(current && { from: dated(current.versionId, current.primary) }),
    // A plain value names no material of its own; what becomes primary does.
    ...(restore && { restore: dated(restore.versionId, restore.primary ?? next?.primary) }),
    ...(next?.withdrawn && { withdrawn: next.withdrawn }),
    ...(inProgress && { preempts: inProgress }),
    hold: { reason, until },
  };
}

function nearestOf(
  deployment: OpenDeployment,
  { key }: RotatedManifestSecret,
  { nearest }: RollbackRehearsal,
  { versionIdsToStages }: SecretDescription,
): Pick<RollBackReport, 'nearest' | 'next'> {
  if (nearest === undefined || nearest === currentVersion(versionIdsToStages)) return {};
  const version = datedVersion(nearest, versionIdsToStages, deployment.clock.now());
  const to = version.label ?? nearest;
  return { nearest: version, next: commandsFor(deployment).rollback(key, to) };
}

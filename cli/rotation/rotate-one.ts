/** One planned rotation: may it start, who asks and why, RotateSecret, and what follows to the very end. */

import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { rotationInProgress } from '../../domain/policy/labels.ts';
import type { RotationReport, RowsSeen } from '../../domain/reports/rotation-report.ts';
import { askForRotation } from '../../doors/ask-for-rotation.ts';
import type { OpenDeployment } from '../command.ts';
import { documentHead } from '../document-head.ts';
import { commandsFor } from '../status/commands.ts';
import { goesOn } from './cautions.ts';
import { followToEnd, type Watching } from './follow-to-end.ts';
import { type Outcome, refusedOutcome } from './outcome.ts';
import { lineOf, rowsOf, waitForRows } from './rows.ts';
import { waitForWindow } from './wait-for-window.ts';

export interface RotateRequest extends Watching {
  readonly reason: string | undefined;
  /** False: only until Secrets Manager has accepted it. */
  readonly wait: boolean;
  readonly waitForWindow: boolean;
  readonly waitForRows: boolean;
}

/** What of an intent record holds (domain/events/control-records.ts). */
const longestName = 256;
export const requesterOf = ({ caller }: Pick<OpenDeployment, 'caller'>): string =>
  caller.arn.slice(0, longestName);

export async function rotateOne(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  request: RotateRequest,
): Promise<RotationReport> {
  const report = (outcome: Outcome, more: Partial<RotationReport> = {}): RotationReport => ({
    report: 'quarterturn-rotation',
    ...documentHead(deployment),
    secret: { key: secret.key, name: secret.name },
    followed: false,
    steps: [],
    consumers: [],
    promoted: false,
    ...outcome,
    ...more,
  });
  const { wait, terminal, say } = request;
  return terminal.untilInterrupted(async (interrupted) => {
    const begun = await begin(deployment, secret, request, interrupted);
    if ('outcome' in begun) return report(begun);
    const { versionId, followed, secretArn, known } = begun;
    if (!wait) {
      const next = commandsFor(deployment).look(secret.key);
      return report({ outcome: 'started', next }, { versionId, followed });
    }
    const following = { secret, secretArn, token: versionId, known, inDetail: true, interrupted };
    const { outcome, seen, rollback } = await followToEnd(deployment, following, request);
    const rows =
      outcome.outcome === 'finished'
        ? await rowsOf(deployment, secret, [versionId, seen.activation?.versionId ?? versionId])
        : undefined;
    if (rows !== undefined) say(lineOf(rows));
    const found = { ...seen, ...(rollback && { rollback }), versionId, followed };
    return rows === undefined
      ? report(outcome, found)
      : report(...(await withRows(deployment, secret, rows, request, interrupted, found)));
  });
}

/** They are an execution of their own, and not waited for unless somebody asks for it. */
async function withRows(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  begun: RowsSeen,
  { say, waitForRows: waits }: RotateRequest,
  interrupted: AbortSignal,
  found: Partial<RotationReport>,
): Promise<[Outcome, Partial<RotationReport>]> {
  say(lineOf(begun));
  const rows = waits ? await waitForRows(deployment, secret, begun, { say, interrupted }) : begun;
  const status = commandsFor(deployment).rows(secret.key);
  const moving = rows.state === 'due' || rows.state === 'active';
  const next = moving ? `${status} --follow` : status;
  const told = { ...found, rows };
  if (!moving || !waits) {
    const outcome: Outcome = { outcome: 'finished' };
    return [rows.state === 'verified' ? outcome : { ...outcome, next }, told];
  }
  if (interrupted.aborted) {
    const problem = {
      code: 'ERR_ROTATION_INTERRUPTED',
      message: 'No longer followed. The rotation is finished; its rows go on by themselves.',
    };
    return [{ outcome: 'interrupted', problem, next }, told];
  }
  const problem = {
    code: 'ERR_ROTATION_STALLED',
    message:
      'The rotation is finished, and its rows have not moved for 5 minutes with no execution alive.',
  };
  return [{ outcome: 'stalled', problem, next }, told];
}

interface Begun {
  versionId: string;
  secretArn: string;
  /** It was in progress before. */
  followed: boolean;
  known: RotationReport['failure'];
}

/** Where nothing is begun, nothing is left behind. */
async function begin(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  { reason, terminal, say, waitForWindow: waits }: RotateRequest,
  interrupted: AbortSignal,
): Promise<Begun | Outcome> {
  const { secretsManager, controlTable } = deployment;
  const commands = commandsFor(deployment);
  const looked = await secretsManager.describe(secret.name);
  let versionId = rotationInProgress(looked.versionIdsToStages);
  let followed = versionId !== undefined;
  if (versionId === undefined) {
    if (waits) {
      const waited = await waitForWindow(deployment, { say, interrupted });
      if (waited.state === 'never') return { outcome: 'refused', problem: waited.problem };
      if (waited.state === 'interrupted') return interruptedBefore;
    }
    if (!(await goesOn(deployment, secret, terminal))) return notConfirmed;
    const described = waits ? await secretsManager.describe(secret.name) : looked;
    const asked = await askForRotation(deployment, secret, described, {
      token: await deployment.newToken(),
      requestedBy: requesterOf(deployment),
      reason,
    });
    if (asked.outcome === 'refused') return refusedOutcome(asked.refusal, secret.key, commands);
    versionId = asked.token;
    if (asked.outcome === 'inProgress') {
      // Somebody else was quicker, between our look and our call.
      const again = await secretsManager.describe(described.arn);
      versionId = rotationInProgress(again.versionIdsToStages) ?? asked.token;
      followed = versionId !== asked.token;
    }
  }
  const record = followed ? await controlTable.getRotation(secret.name, versionId) : undefined;
  if (followed) {
    const intent =
      record?.intent ?? (await controlTable.getIntent(secret.name, versionId))?.intent ?? 'planned';
    // Followed to its end it would be told as a rotation that went well.
    if (intent === 'rollback' || intent === 'emergency') {
      const message = `Rotation ${versionId} of ${secret.name} is in progress (${intent}); expected none, or a planned one to follow. Wait for its end, and look whether this one is still wanted. Nothing was changed.`;
      const problem = { code: 'ERR_ROTATION_IN_PROGRESS', message };
      return { outcome: 'refused', problem, next: commands.look(secret.key) };
    }
  }
  say(
    followed
      ? `${secret.name}: rotation ${versionId} is in progress already (by ${record?.provenance.requestedBy ?? 'the console or the native rule'}); following that one.`
      : `${secret.name}: rotation ${versionId} has begun.`,
  );
  if (record?.failure !== undefined) {
    const { step, at, message } = record.failure;
    say(`Until now: ${step} failed at ${at}: ${message}`);
  }
  return { versionId, secretArn: looked.arn, followed, known: record?.failure };
}

const notConfirmed: Outcome = {
  outcome: 'refused',
  problem: { code: 'ERR_ROTATION_NOT_CONFIRMED', message: 'Not confirmed. Nothing was changed.' },
};
const interruptedBefore: Outcome = {
  outcome: 'interrupted',
  problem: {
    code: 'ERR_ROTATION_INTERRUPTED',
    message: 'No longer waited for. Nothing was begun, nothing was changed.',
  },
};

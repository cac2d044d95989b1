/** How a rotation ended, in words: what it means and what to do next. */
import type { RotationReport } from '../../domain/reports/rotation-report.ts';
import type { Commands } from '../../domain/reports/secret-status.ts';
import type { Ending, Following, RollBackSeen } from './happening.ts';

export type Outcome = Pick<RotationReport, 'outcome' | 'problem' | 'next'>;

/** @param promoted did AWSCURRENT move? */
export function outcomeOf(
  ending: Ending,
  { secret, secretArn, token }: Following,
  promoted: boolean,
  commands: Commands,
): Outcome {
  const log = commands.log(secret.function);
  const status = commands.look(secret.key);
  switch (ending.kind) {
    case 'finished':
      return { outcome: 'finished' };
    case 'failed':
      return {
        outcome: 'failed',
        problem: {
          code: ending.failure.code,
          message: `${ending.failure.step} failed: ${ending.failure.message} AWSCURRENT has not moved, so everything in use goes on working. Secrets Manager tries the whole rotation again by itself; \`${commands.rotate(secret.key)}\` follows it.`,
        },
        next: log,
      };
    case 'givenUp':
      return {
        outcome: 'failed',
        problem: {
          code: ending.failure?.code ?? 'ERR_ROTATION_GIVEN_UP',
          message: `Rotation ${token} was given up and left nothing behind: ${ending.failure === undefined ? 'its function refused it before anything was recorded.' : `${ending.failure.step} failed: ${ending.failure.message}`} AWSCURRENT has not moved.`,
        },
        next: log,
      };
    case 'cancelled':
      return {
        outcome: 'failed',
        problem: {
          code: 'ERR_ROTATION_CANCELLED',
          message: `Rotation ${token} was cancelled (CancelRotateSecret): AWSPENDING stands on it, and rotation of the secret is switched off. AWSCURRENT has not moved. Find out who cancelled it and why; deploying the stack again switches rotation on.`,
        },
        next: status,
      };
    case 'stopped':
      return {
        outcome: 'stopped',
        problem: {
          code: 'ERR_ROTATION_AFTER_ROTATION_STOPPED',
          message: `AWSCURRENT moved to ${token}, but its AfterRotation stopped: ${(ending.reason ?? 'no reason recorded').replace(/\.$/, '')}. Remove the reason and resume it, or roll back (\`${commands.rollback(secret.key)}\`).`,
        },
        next: commands.resume({ arn: secretArn, name: secret.name }, token),
      };
    case 'rolledBack':
      return {
        outcome: 'rolledBack',
        problem: {
          code: 'ERR_ROTATION_ROLLED_BACK',
          message: `AWSCURRENT moved to ${token}, and ${whyOf(ending.rollback)}. Rotation ${ending.rollback.versionId} takes its material back.`,
        },
        next: status,
      };
    case 'stalled':
      return {
        outcome: 'stalled',
        problem: {
          code: 'ERR_ROTATION_STALLED',
          message:
            ending.where === 'steps'
              ? `Rotation ${token} is not complete, and nothing has happened for 15 minutes. AWSCURRENT has not moved.`
              : `AWSCURRENT moved to ${token}, but nothing has happened in its AfterRotation for 15 minutes; the schedule starts one again that was lost.`,
        },
        next: ending.where === 'steps' ? log : status,
      };
    case 'interrupted':
      return {
        outcome: 'interrupted',
        problem: {
          code: 'ERR_ROTATION_INTERRUPTED',
          message: promoted
            ? `No longer followed. AWSCURRENT moved to ${token}; its AfterRotation goes on by itself.`
            : `No longer followed. Rotation ${token} goes on by itself.`,
        },
        next: status,
      };
  }
}

/** How the rollback that followed a rotation ended; until then the rotation has no end. */
export function rolledBackOutcome(
  rollback: RollBackSeen,
  { outcome, problem, next }: Outcome,
  { secret, token }: Pick<Following, 'secret' | 'token'>,
  commands: Commands,
): Outcome {
  if (outcome === 'interrupted')
    return { outcome, ...(problem && { problem }), ...(next && { next }) };
  const why = `Rotation ${token} was taken back: ${whyOf(rollback)}.`;
  return outcome === 'finished'
    ? {
        outcome: 'rolledBack',
        problem: {
          code: 'ERR_ROTATION_ROLLED_BACK',
          message: `${why} What was in use before is in use again, as version ${rollback.versionId}, and the secret is on hold. Find the reason, then release it.`,
        },
        next: commands.release(secret.key),
      }
    : {
        outcome: 'stopped',
        problem: {
          code: problem?.code ?? 'ERR_ROTATION_ROLLED_BACK',
          message: `${why} The rollback ${rollback.versionId} has not come to its end: ${problem?.message ?? outcome}`,
        },
        next: next ?? commands.look(secret.key),
      };
}

const whyOf = ({ consumer, reason }: RollBackSeen): string =>
  consumer === undefined
    ? `it is rolled back (${reason ?? 'no reason recorded'})`
    : `${consumer} was not well with it (${reason ?? 'no reason recorded'})`;

/** Nothing was changed. */
export function refusedOutcome(
  { code, message }: { code: string; message: string },
  key: string,
  commands: Commands,
): Outcome {
  return {
    outcome: 'refused',
    problem: { code, message: `${message} Nothing was changed.` },
    next: code === 'ERR_ROTATION_NOT_ARMED' ? commands.adopt(key) : commands.look(key),
  };
}

/** All copies of one value. What fails in one place does not keep the others from getting it. */
import { limitOf } from '../../domain/config/sync-limits.ts';
import type { Evidence } from '../../domain/events/control-records.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import { GitHubError } from '../../doors/github-secrets.ts';
import { ParameterCopyError } from '../../doors/parameter-copies.ts';
import { WebhookUnreachableError } from '../../doors/webhook.ts';
import type { SyncDoors } from './doors.ts';
import type { SyncTarget } from './environment.ts';
import {
  CopyTooLargeError,
  type FailedTarget,
  NoTimeLeftError,
  ReadBackError,
  UnexpectedError,
  WebhookRefusedError,
} from './errors.ts';
import type { Copy, MakeCopy } from './targets/copy.ts';
import { copyToGitHub } from './targets/github.ts';
import { copyToParameter } from './targets/ssm.ts';
import { copyToWebhook } from './targets/webhook.ts';
import { textOf } from './text-of.ts';

export interface Value {
  readonly secretName: string;
  readonly versionId: string;
  readonly secretString: string;
  readonly deployment: string;
}

/** A copy takes up to a minute where nobody answers; the call ends after two (lib/sync.ts). */
const secondsToBeginIn = 50;

/** Of one target. */
export type Outcome = { evidence: Evidence } | { failed: FailedTarget; retryable: boolean };

const sorts = ['ssm', 'github', 'webhook'] as const;

/**
 * Sorts of targets side by side, those of one sort one after the other: GitHub asks for that ("Best practices for
 * using the REST API"), and Parameter Store takes three writes a second.
 * @returns in the order of the targets
 */
export async function makeCopies(
  doors: SyncDoors,
  targets: readonly SyncTarget[],
  value: Value,
): Promise<Outcome[]> {
  // All of them before the first one is written.
  const prepared = targets.map((target) => prepare(target, value));
  const outcomes = new Map<SyncTarget, Outcome>();
  const end = doors.clock.now().getTime() + secondsToBeginIn * 1_000;
  const isLate = () => doors.clock.now().getTime() > end;
  await Promise.all(
    sorts.map(async (sort) => {
      for (const one of prepared.filter(({ target }) => target.to === sort)) {
        const outcome = 'copy' in one ? await attempt(doors, one.copy, isLate()) : one.outcome;
        log(doors, value, one.target, outcome);
        outcomes.set(one.target, outcome);
      }
    }),
  );
  return targets.map((target) => outcomes.get(target) as Outcome);
}

type Prepared = { target: SyncTarget } & ({ copy: Copy<SyncTarget> } | { outcome: Outcome });

function prepare(target: SyncTarget, { secretString, versionId, deployment }: Value): Prepared {
  try {
    const text = textOf(secretString, target.field);
    const bytes = Buffer.byteLength(text);
    const limit = limitOf(target);
    if (limit !== undefined && bytes > limit) throw new CopyTooLargeError(bytes, limit);
    return { target, copy: { target, text, versionId, deployment } };
  } catch (error) {
    return { target, outcome: failureOf(target, error) };
  }
}

async function attempt(
  doors: SyncDoors,
  copy: Copy<SyncTarget>,
  isLate: boolean,
): Promise<Outcome> {
  const { target } = copy;
  try {
    if (isLate) throw new NoTimeLeftError(secondsToBeginIn);
    const detail = await makerOf(target)(doors, copy);
    return { evidence: { fact: 'copied', detail: { target: target.target, ...detail } } };
  } catch (error) {
    return failureOf(target, error);
  }
}

function makerOf({ to }: SyncTarget): MakeCopy<SyncTarget> {
  const makers = { ssm: copyToParameter, github: copyToGitHub, webhook: copyToWebhook };
  return makers[to] as MakeCopy<never> as MakeCopy<SyncTarget>;
}

function failureOf({ target }: SyncTarget, error: unknown): Outcome {
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  if (!(error instanceof Error) || typeof code !== 'string' || !code.startsWith('ERR_ROTATION_')) {
    const hidden = new UnexpectedError(name ?? 'Something');
    return {
      failed: { target, found: hidden.code, message: hidden.message },
      retryable: false,
    };
  }
  const status = statusOf(error);
  return {
    failed: {
      target,
      found: status === undefined ? code : `${code} ${status}`,
      message: message ?? '',
    },
    retryable: mayGoWellLater(error),
  };
}

function statusOf(error: Error): number | string | undefined {
  if (error instanceof AwsCallError) return error.awsCode;
  if (error instanceof GitHubError || error instanceof ParameterCopyError) return error.found;
  return error instanceof WebhookRefusedError ? error.status : undefined;
}

/** With nothing changed by anybody. A right that was just deployed takes seconds to hold, so AWS is asked again. */
function mayGoWellLater(error: Error): boolean {
  if (error instanceof GitHubError) return error.retryable;
  if (error instanceof WebhookRefusedError) {
    return error.status >= 500 || error.status === 429 || error.status === 408;
  }
  return [AwsCallError, NoTimeLeftError, ReadBackError, WebhookUnreachableError].some(
    (one) => error instanceof one,
  );
}

function log(doors: SyncDoors, value: Value, { target }: SyncTarget, outcome: Outcome): void {
  const fields = { secret: value.secretName, versionId: value.versionId, target };
  if ('evidence' in outcome) {
    doors.log.info('copied', { ...fields, ...outcome.evidence.detail });
  } else {
    const { found, message } = outcome.failed;
    doors.log.error('not copied', { ...fields, code: found, reason: message });
  }
}

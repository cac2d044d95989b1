/**
 * Where a re-encryption stands: the control table's record, whether its execution is alive, and the ledger as the
 * function reads it. Without the function the first two still say what they know.
 */
import { reencryptionStatusSchema } from '../../domain/events/reencryption.ts';
import type {
  ReencryptionReport,
  ReencryptionState,
} from '../../domain/reports/reencryption-report.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import { FunctionFailedError } from '../../doors/functions.ts';
import { ask } from '../adoption/examine.ts';
import type { Asked } from './context.ts';

export type Look = Pick<
  ReencryptionReport,
  'state' | 'record' | 'live' | 'job' | 'replicationLagSeconds' | 'problem'
> & { readonly state: ReencryptionState; readonly live: boolean };

export async function lookAt({ deployment, secret }: Asked): Promise<Look> {
  const { controlTable, stepFunctions } = deployment;
  const [record, answer] = await Promise.all([
    controlTable.getReencryption(secret.name),
    ledgerOf(deployment, secret),
  ]);
  const live = record?.execution !== undefined && (await stepFunctions.isRunning(record.execution));
  const { job, ...rest } = answer;
  // Until its own job is opened, the ledger knows that of the key before: its counts say nothing of this one.
  const own = record === undefined || job?.targetKid === record.targetKid ? job : undefined;
  return {
    state: stateOf(record, own),
    live,
    ...(record && { record }),
    ...(own && { job: own }),
    ...rest,
  };
}

async function ledgerOf(
  deployment: Asked['deployment'],
  { name, reencryption }: Asked['secret'],
): Promise<Pick<ReencryptionReport, 'job' | 'replicationLagSeconds' | 'problem'>> {
  try {
    const { job, replicationLagSeconds } = await ask(
      deployment,
      reencryption.function,
      { operation: 'reencryptionStatus', secret: name },
      reencryptionStatusSchema,
    );
    return {
      ...(job && { job }),
      ...(replicationLagSeconds !== undefined && { replicationLagSeconds }),
    };
  } catch (error) {
    if (!(error instanceof FunctionFailedError || error instanceof AwsCallError)) throw error;
    return { problem: { code: error.code, message: error.message } };
  }
}

/** The record is told last by whoever works, so a job the ledger still calls active may be past it. */
function stateOf(
  record: ReencryptionReport['record'],
  job: ReencryptionReport['job'],
): ReencryptionState {
  const state = record?.state ?? job?.state ?? 'none';
  const working = state === 'due' || state === 'active';
  return working && job?.state === 'active' && job.paused ? 'paused' : state;
}

/** Does this need a person? */
export function needsAPerson({ state, live, problem }: Look): boolean {
  const working = state === 'due' || state === 'active';
  return problem !== undefined || state === 'unproven' || state === 'stopped' || (working && !live);
}

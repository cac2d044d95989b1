/** What a tick did about each secret, and why: one line in the log, and the answer of the function. */
import type { Decision } from '../../domain/policy/due.ts';
import { standstillOf } from '../../domain/policy/stalled.ts';
import type { Stray } from '../../domain/policy/strays.ts';
import type { Judged } from './inventory.ts';

export type Done =
  | 'nothing'
  | 'rotationStarted'
  | 'firstValueStarted'
  | 'afterRotationRestarted'
  /** Whoever wants to know was told when it is going to be rotated. */
  | 'announced'
  /** Due, and its announced hour, its window or its turn is still to come. */
  | 'waits'
  /** Its hour has come, but another secret's turn came first. */
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
  /** For when its rotation is announced. */
  plannedAt?: string;
}

export interface TickSummary {
  secrets: number;
  findings: number;
  results: SecretResult[];
  /** Secrets with this deployment's tags that are not in it. */
  strays: Stray[];
}

export function resultOf({ secret, verdict, facts, remarks }: Judged, done: Done): SecretResult {
  const { decision, finding, reason } = verdict;
  const standstill = standstillOf(facts);
  const reasons = [reason, ...(standstill ? [standstill.reason] : []), ...remarks.map(saying)];
  return {
    secretName: secret.name,
    decision,
    done,
    finding: finding || standstill?.finding === true || remarks.length > 0,
    reason: reasons.join('; '),
  };
}

const saying = ({ message }: { message: string }): string => message;

/** Our own errors speak for themselves; of any other only the class is told, its text may hold anything. */
export async function guarded(
  results: Map<string, SecretResult>,
  secretName: string,
  decision: SecretResult['decision'],
  work: () => Promise<SecretResult>,
): Promise<void> {
  try {
    results.set(secretName, await work());
  } catch (error) {
    const reason = reasonOf(error);
    results.set(secretName, { secretName, decision, done: 'failed', finding: true, reason });
  }
}

export function reasonOf(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
  // The code of a DOMException (a fetch that was given up) is a number.
  return typeof code === 'string' && code.startsWith('ERR_ROTATION_')
    ? `${code}: ${message}`
    : (name ?? 'Error');
}

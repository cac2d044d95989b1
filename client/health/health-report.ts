/** Runs the checks, at most once in a while, and says what this process holds. */
import { ClientSettingsError, described } from '../errors.ts';
import { system as machine, type System } from '../system.ts';
import type { HealthCheck, KeyState } from './checks.ts';
import { HealthCheckError } from './errors.ts';

export interface CheckReport {
  readonly status: 'ok' | 'failing';
  /** The secret's name, and which version of it is at hand. */
  readonly secret: string;
  readonly versionId?: string;
  /** ISO 8601. */
  readonly readAt?: string;
  /** ISO 8601; reads have failed since. */
  readonly staleSince?: string;
  readonly keys?: readonly KeyState[];
  readonly role?: string;
  /** Code and words of a client error, code or name alone of any other: no value. */
  readonly error?: string;
}

export interface HealthReport {
  readonly status: 'ok' | 'failing';
  /** ISO 8601: when the checks began. */
  readonly checkedAt: string;
  readonly checks: Readonly<Record<string, CheckReport>>;
}

export interface HealthOptions {
  /** How long a result is given out again, in milliseconds: whoever asks often loads nothing. @default 1_000 */
  readonly keepFor?: number;
  /** How long one check may take, in milliseconds. @default 5_000 */
  readonly timeLimit?: number;
  readonly system?: Pick<System, 'now' | 'timeLimit'>;
}

/**
 * @param checks by name, such as `{ database: databaseCheck(…) }`
 * @returns the report; all who ask at once share one run
 * @throws ClientSettingsError
 */
export function healthReport(
  checks: Readonly<Record<string, HealthCheck>>,
  options: HealthOptions = {},
): () => Promise<HealthReport> {
  const { keepFor = 1_000, timeLimit = 5_000, system = machine } = options;
  if (Object.keys(checks).length === 0) {
    throw new ClientSettingsError('There is no check; a health without one would always be ok.');
  }
  if (!(keepFor >= 0 && keepFor <= 60_000 && timeLimit >= 100 && timeLimit <= 60_000)) {
    throw new ClientSettingsError(
      `keepFor is ${keepFor} ms, timeLimit ${timeLimit} ms; expected 0 to 60000 and 100 to 60000.`,
    );
  }
  let last: { readonly at: number; readonly report: Promise<HealthReport> } | undefined;

  const run = async (checkedAt: Date): Promise<HealthReport> => {
    const reports = await Promise.all(
      Object.entries(checks).map(
        async ([name, check]) =>
          [name, await reportOf(check, system.timeLimit(timeLimit))] as const,
      ),
    );
    const isOk = reports.every(([, { status }]) => status === 'ok');
    return {
      status: isOk ? 'ok' : 'failing',
      checkedAt: checkedAt.toISOString(),
      checks: Object.fromEntries(reports),
    };
  };

  return () => {
    const now = system.now();
    const age = last === undefined ? undefined : now.getTime() - last.at;
    // Of a clock that went back, nothing is known.
    if (last === undefined || age === undefined || age < 0 || age >= keepFor) {
      last = { at: now.getTime(), report: run(now) };
    }
    return last.report;
  };
}

async function reportOf(check: HealthCheck, limit: AbortSignal): Promise<CheckReport> {
  const errors: unknown[] = [];
  try {
    await inTime(check.run(), limit);
  } catch (caught) {
    errors.push(caught);
  }
  // After the check: it may have read another version. Of an application's own check it may throw, too.
  let held: ReturnType<typeof heldBy> | undefined;
  try {
    held = heldBy(check);
  } catch (caught) {
    errors.push(caught);
  }
  return {
    status: errors.length === 0 ? 'ok' : 'failing',
    secret: check.cache.name,
    ...held,
    ...(errors.length > 0 && { error: described(errors[0]) }),
  };
}

function heldBy(check: HealthCheck) {
  const held = check.cache.peek();
  const role = check.role?.();
  return {
    ...(held?.versionId !== undefined && { versionId: held.versionId }),
    ...(held !== undefined && { readAt: held.readAt.toISOString() }),
    ...(held?.staleSince !== undefined && { staleSince: held.staleSince.toISOString() }),
    ...(check.keys !== undefined && { keys: check.keys().map(nameAndState) }),
    ...(role !== undefined && { role }),
  };
}

/** Field by field: what is added to a key's state some day does not appear here by itself. */
const nameAndState = ({ kid, state }: KeyState): KeyState => ({
  ...(kid !== undefined && { kid }),
  state,
});

function inTime(work: Promise<void>, limit: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new HealthCheckError('No result in time.'));
    limit.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => limit.removeEventListener('abort', late));
  });
}

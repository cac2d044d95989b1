/**
 * Does an instance hold what a rotation made? Decided from its own health report. For each of its checks that names
 * the secret, in this order:
 *
 *   1. its version is one of the expected                               → holds
 *   2. keysets: it has the key, in the state that is wanted or beyond   → holds: a later version has it, too
 *   3. it reports a version or keys, and neither 1 nor 2                → does not hold
 *   4. databases, no version reported: it logs in with the role or not  → holds or does not hold
 *   5. it reports none of these                                         → says nothing
 *
 * The version comes before the role: with one role (`singleUser`) the role is the same before and after.
 */

/** One check of a report. */
export interface HealthCheckSeen {
  status: 'ok' | 'failing';
  secret?: string | undefined;
  versionId?: string | undefined;
  keys?: readonly { kid?: string | undefined; state: string }[] | undefined;
  role?: string | undefined;
}

export interface ReportSeen {
  status: 'ok' | 'failing';
  /** Absent: only the status was shown. */
  checks?: Readonly<Record<string, HealthCheckSeen>> | undefined;
}

/** What it must hold. */
export interface ExpectedHeld {
  secretName: string;
  versionIds: readonly string[];
  key: { kid: string; state: 'published' | 'primary' } | null;
  role: string | null;
}

export type HealthProof =
  /** Every check that names the secret and says anything holds it, and one does. */
  | { proof: 'held' }
  /** One of them does not: this is the first. */
  | { proof: 'notHeld'; check: HealthCheckSeen }
  /** The secret is not named, nothing is said of it, or only the status was shown. */
  | { proof: 'answered'; isDetailed: boolean };

export function healthProof(report: ReportSeen, expected: ExpectedHeld): HealthProof {
  const checks = checksOf(report, expected.secretName).map((check) => ({
    check,
    holds: holds(check, expected),
  }));
  const without = checks.find(({ holds }) => holds === false);
  if (without !== undefined) return { proof: 'notHeld', check: without.check };
  return checks.some(({ holds }) => holds === true)
    ? { proof: 'held' }
    : { proof: 'answered', isDetailed: report.checks !== undefined };
}

/**
 * Everything works but what this secret is for, and that with a value from before: then the rotation made it so, not
 * something else. A consumer whose checks all work and that merely holds a value from before is one of these, too.
 */
export function onlyThisSecret(report: ReportSeen, expected: ExpectedHeld): boolean {
  const own = checksOf(report, expected.secretName);
  return (
    own.length > 0 &&
    own.some((check) => holds(check, expected) === false) &&
    own.every((check) => check.status === 'ok' || holds(check, expected) === false) &&
    Object.values(report.checks ?? {}).every(
      (check) => own.includes(check) || check.status === 'ok',
    )
  );
}

/** Those of them that are about the secret. */
export const checksOf = ({ checks }: ReportSeen, secretName: string): readonly HealthCheckSeen[] =>
  Object.values(checks ?? {}).filter(({ secret }) => isSecret(secret, secretName));

/** Undefined: it does not say. */
function holds(check: HealthCheckSeen, expected: ExpectedHeld): boolean | undefined {
  const { versionId, keys, role } = check;
  if (versionId !== undefined && expected.versionIds.includes(versionId)) return true;
  if (keys?.some((key) => isThere(key, expected.key))) return true;
  const saysKeys = keys !== undefined && expected.key !== null;
  if (versionId !== undefined || saysKeys) return false;
  return role === undefined || expected.role === null ? undefined : role === expected.role;
}

function isThere(
  { kid, state }: { kid?: string | undefined; state: string },
  wanted: ExpectedHeld['key'],
): boolean {
  if (wanted === null || kid !== wanted.kid) return false;
  return state === 'primary' || (wanted.state === 'published' && state === 'published');
}

/** An application may know its secret by name, by ARN, or by an ARN without the six characters at its end. */
function isSecret(found: string | undefined, name: string): boolean {
  if (found === undefined || found === name) return found === name;
  const [, inArn] = /^arn:aws[a-z-]*:secretsmanager:[^:]*:\d*:secret:(.+)$/.exec(found) ?? [];
  return (
    inArn === name ||
    (inArn?.startsWith(`${name}-`) === true && /^-[A-Za-z0-9]{6}$/.test(inArn.slice(name.length)))
  );
}

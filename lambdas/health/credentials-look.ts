/** The client library's health answer: does it work, and does this instance hold what the rotation made? */
import { seenHealthReportSchema } from '../../domain/events/health-report.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { Expected, HealthAnswer } from '../../domain/events/rollout.ts';
import {
  checksOf,
  type HealthCheckSeen,
  healthProof,
  onlyThisSecret,
  type ReportSeen,
} from '../../domain/policy/health-proof.ts';
import { type Asking, ask, type Found, jsonOf, size } from './requests.ts';

export interface CredentialsFound extends Found {
  proof: HealthAnswer['proof'];
  /** Whatever the report says against it is of this secret, and `works`: its checks do. Undefined: not so. */
  thisSecret: { works: boolean } | undefined;
}

const nothing = { proof: 'none', thisSecret: undefined } as const;

export async function lookAtCredentials(
  asking: Asking,
  url: string,
  expected: Expected,
): Promise<CredentialsFound> {
  const answer = await ask(asking, { method: 'GET', url, readsBody: true });
  if ('found' in answer) return { ...answer, ...nothing };
  const { status } = answer;
  const parsed = readAs(seenHealthReportSchema, jsonOf(answer));
  if (!parsed.success) {
    const what = jsonOf(answer) === undefined ? size(answer) : 'other JSON';
    const redirect = status >= 300 && status < 400 ? ', which is not followed' : '';
    return {
      ok: false,
      found: `${status}${redirect}, ${what}; expected 200 and a health report`,
      ...nothing,
    };
  }
  const report = parsed.data;
  const works = status === 200 && report.status === 'ok';
  const state = `${status} and ${report.status}${works ? '' : failing(report, expected)}`;
  const proof = healthProof(report, expected);
  const own = checksOf(report, expected.secretName);
  const thisSecret = onlyThisSecret(report, expected)
    ? { works: own.every((check) => check.status === 'ok') }
    : undefined;
  switch (proof.proof) {
    case 'held':
      return { ok: works, found: `${state}; holds ${wanted(expected)}`, proof: 'held', thisSecret };
    case 'notHeld':
      return {
        ok: false,
        found: `${state}; holds ${held(proof.check, expected)}, expected ${wanted(expected)}`,
        proof: 'answered',
        thisSecret,
      };
    case 'answered':
      return {
        ok: works,
        found: `${state}; ${proof.isDetailed ? 'says nothing of this secret' : 'shows the status alone'}: not proven that it holds the new value`,
        proof: 'answered',
        thisSecret,
      };
  }
}

/** Names of checks and their errors are the consumer's words; how many, and whose, is ours. */
function failing(report: ReportSeen, { secretName }: Expected): string {
  if (report.checks === undefined) return '';
  const all = Object.values(report.checks);
  const failed = all.filter(({ status }) => status === 'failing');
  const own = checksOf(report, secretName);
  const among = own.some((check) => failed.includes(check)) ? ', one of this secret' : '';
  return ` (${failed.length} of ${all.length} checks fail${among})`;
}

const wanted = ({ versionIds, key, role }: Expected): string =>
  [
    `version ${versionIds[0]}`,
    ...(key === null ? [] : [`key ${key.kid} ${key.state}`]),
    ...(role === null ? [] : [`role ${role}`]),
  ].join(' or ');

/** Only what has the form of an id of ours is repeated. */
function held({ versionId, keys, role }: HealthCheckSeen, { key }: Expected): string {
  const found = keys?.find(({ kid }) => kid !== undefined && kid === key?.kid);
  if (found !== undefined) {
    return `key ${key?.kid} as ${states.has(found.state) ? found.state : 'something else'}`;
  }
  if (versionId !== undefined) {
    return ofAVersion.test(versionId) ? `version ${versionId}` : 'another version';
  }
  return keys === undefined && role !== undefined ? 'another role' : 'other keys';
}

/** A UUID, as SDKs and the service make them, or 16 bytes of a terminal. Any 32 characters might be a password. */
const ofAVersion =
  /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(eject-|abandon-)?[0-9a-f]{32})$/i;

const states: ReadonlySet<string> = new Set([
  ...['published', 'primary', 'verifyOnly', 'decryptOnly', 'disabled', 'revoked', 'pruned'],
]);

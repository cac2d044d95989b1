/**
 * Operation `proveOld`, called by AfterRotation once AWSCURRENT has moved: is the credential from before dead?
 *
 * By endpoint, the server itself and every declared pooler, and only with a positive control: the new credential is
 * accepted there in the same minute. Refused means SQLSTATE 28P01, nothing else: a full server, a network that fails
 * and a pooler with an answer of its own say nothing, and are told as not proven. 28P01 is also what a role that does
 * not exist gets, or one whose VALID UNTIL has passed (manual, "Appendix A"); with the control under the same role it
 * is neither.
 *
 * 1. with one role, setSecret has tried it on the server already: a second refusal could ban the role (credcheck), so
 *    no endpoint is tried twice
 * 2. with two roles, planned: the other role goes on logging in until the next rotation, as intended: in overlap
 * 3. with two roles, emergency: the role was closed, and its sessions ended: none may be left. The other role was set
 *    anew: what it had before, in the version that the leaked one was built on, is tried, too
 *
 * Open sessions are counted, and left alone. Changes nothing; what is found is evidence, never a failure.
 */
import * as z from 'zod';
import { type Evidence, intentSchema, tokenSchema } from '../../domain/events/control-records.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import type { Endpoint } from '../../doors/postgres/door.ts';
import { probeLogin } from '../../doors/postgres/login-probe.ts';
import { countSessions } from '../../doors/postgres/role-facts.ts';
import type { OperationTools } from '../rotation/handler.ts';
import { isMarker } from '../rotation/run.ts';
import { type DatabaseTools, withAdmin } from './admin.ts';
import { InvalidOperationError } from './errors.ts';
import { applicationEndpoint, poolerEndpoints } from './settings.ts';
import { type DatabaseValue, parseDatabaseValue } from './value.ts';

/** Credentials are read from the two versions: the caller cannot name one. */
export const proveOldSchema = z.strictObject({
  operation: z.literal('proveOld'),
  /** AWSCURRENT. */
  currentVersionId: tokenSchema,
  /** The version it replaced; one that was taken over may have any id. */
  oldVersionId: z.string().min(1).max(64),
  intent: intentSchema,
});

export type ProveOldTools = Pick<
  OperationTools,
  'companion' | 'readVersion' | 'stages' | 'secretName' | 'records'
>;

/** @throws InvalidOperationError when a later rotation took over */
export async function proveOld(
  input: unknown,
  given: ProveOldTools,
  tools: DatabaseTools,
): Promise<{ evidence: Evidence[] }> {
  const parsed = readAs(proveOldSchema, input);
  if (!parsed.success) {
    throw new InvalidOperationError(
      'proveOld expects { currentVersionId, oldVersionId, intent }. Nothing was tried.',
    );
  }
  const { currentVersionId, oldVersionId, intent } = parsed.data;
  const current = currentVersion(await given.stages());
  if (current !== currentVersionId) {
    throw new InvalidOperationError(
      `AWSCURRENT is ${current ?? 'absent'}; expected ${currentVersionId}. A later rotation took over and has an AfterRotation of its own.`,
    );
  }
  const inUse = await readValue(given, currentVersionId, tools);
  const old = await readValue(given, oldVersionId, tools);
  if (typeof inUse === 'string' || typeof old === 'string') {
    const reason = typeof old === 'string' ? old : 'noValue';
    return { evidence: [{ fact: 'oldCredentialNotProvenDead', detail: { oldVersionId, reason } }] };
  }
  // Gone back to, or never replaced: there is no old one.
  if (old.username === inUse.username && old.password === inUse.password) return { evidence: [] };

  const closed = intent === 'emergency' && old.username !== inUse.username;
  const sessions = await sessionsOf(given, tools, old.username);
  const tried = await triedBefore(given, currentVersionId, old.username, tools);
  const former = closed ? await formerOf(given, oldVersionId, inUse, tools) : undefined;
  const { settings, ca, poolerCa = ca } = tools;
  const evidence: Evidence[] = [];
  for (const endpoint of [
    ...(tried ? [] : [applicationEndpoint(settings, ca)]),
    ...poolerEndpoints(settings, poolerCa),
  ]) {
    const fact = await proveAt(endpoint, { inUse, old }, tools, intent);
    const alive = closed && fact.fact === 'oldCredentialRefused' && sessions !== 0;
    evidence.push(alive ? notProven(endpoint, old, 'sessionsLeft') : fact);
    if (former) evidence.push(await proveAt(endpoint, { inUse, old: former }, tools, intent));
  }
  return {
    evidence: [
      ...evidence,
      {
        fact: 'sessionsOfOldCredential',
        detail: {
          role: old.username,
          // With one role nobody can tell those of the old password from those of the new one.
          ...(old.username === inUse.username && { alsoOfNew: true }),
          ...(typeof sessions === 'number' ? { open: sessions } : { unknown: sessions }),
        },
      },
    ],
  };
}

/** What the role that is in use now had before; undefined: none is known, or none other. */
async function formerOf(
  given: ProveOldTools,
  oldVersionId: string,
  inUse: DatabaseValue,
  tools: DatabaseTools,
): Promise<DatabaseValue | undefined> {
  const leaked = await given.records.getRotation(given.secretName, oldVersionId);
  if (leaked === undefined || leaked.basedOn === null) return undefined;
  const former = await readValue(given, leaked.basedOn, tools);
  return typeof former !== 'string' &&
    former.username === inUse.username &&
    former.password !== inUse.password
    ? former
    : undefined;
}

/** @returns why there is none to try */
async function readValue(
  { readVersion }: ProveOldTools,
  versionId: string,
  { settings }: DatabaseTools,
): Promise<DatabaseValue | string> {
  const text = await readVersion(versionId);
  if (text === undefined || isMarker(text)) return 'noValue';
  try {
    return parseDatabaseValue(text, settings);
  } catch (error) {
    // Of a role or place that is not deployed any more: nothing is dialled with it.
    return reasonOf(error);
  }
}

async function proveAt(
  endpoint: Endpoint,
  { inUse, old }: Record<'inUse' | 'old', DatabaseValue>,
  { door }: DatabaseTools,
  intent: string,
): Promise<Evidence> {
  const detail = { ...placeOf(endpoint, old), control: inUse.username };
  try {
    if ((await probeLogin(door, endpoint, inUse)) === 'refused') {
      return notProven(endpoint, old, 'newRefused');
    }
  } catch (error) {
    return notProven(endpoint, old, `new: ${reasonOf(error)}`);
  }
  try {
    const answer = await probeLogin(door, endpoint, old);
    if (answer === 'refused') return { fact: 'oldCredentialRefused', detail };
    return intent !== 'emergency' && old.username !== inUse.username
      ? { fact: 'oldCredentialInOverlap', detail }
      : notProven(endpoint, old, 'accepted');
  } catch (error) {
    return notProven(endpoint, old, reasonOf(error));
  }
}

const placeOf = ({ host, port }: Endpoint, { username: role }: DatabaseValue) => ({
  role,
  host,
  port,
});

const notProven = (endpoint: Endpoint, old: DatabaseValue, reason: string): Evidence => ({
  fact: 'oldCredentialNotProvenDead',
  detail: { ...placeOf(endpoint, old), reason },
});

/** SQLSTATE where there is one, otherwise the code of an error of ours: neither holds a value. */
function reasonOf(error: unknown): string {
  const { sqlstate, code, name } = error as { sqlstate?: string; code?: string; name?: string };
  return sqlstate ?? (typeof code === 'string' ? code : (name ?? 'unknown'));
}

/** setSecret records what it found on the server, under this very token. */
async function triedBefore(
  { records, secretName }: ProveOldTools,
  token: string,
  role: string,
  { settings }: DatabaseTools,
): Promise<boolean> {
  const rotation = await records.getRotation(secretName, token);
  return (rotation?.evidence ?? []).some(
    ({ fact, detail }) =>
      fact === 'oldCredentialRefused' && detail?.role === role && detail.host === settings.HOST,
  );
}

/** @returns how many; or why nobody knows */
async function sessionsOf(
  { companion }: ProveOldTools,
  tools: DatabaseTools,
  role: string,
): Promise<number | string> {
  try {
    return await withAdmin(
      tools,
      () => companion('admin'),
      (admin) => countSessions(admin, role),
    );
  } catch (error) {
    return reasonOf(error);
  }
}

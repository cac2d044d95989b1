/**
 * Operation `proveProxy`, called by the AfterRotation of a secret whose consumers connect through RDS Proxy.
 * The proxy reads AWSCURRENT, so no pending credential can be tried through it: the proof comes after the
 * promotion. Answers when every endpoint lets AWSCURRENT in; until then it fails with ProxyNotReadyError, and
 * the machine asks again.
 */
import * as z from 'zod';
import { type Evidence, tokenSchema } from '../../domain/events/control-records.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import type { DatabaseTools } from './admin.ts';
import { proveConsumerPath } from './consumer-path.ts';
import { InvalidOperationError } from './errors.ts';
import type { RetireRoleTools } from './retire-role.ts';
import { expectSessionRole } from './session-checks.ts';
import { applicationEndpoint } from './settings.ts';
import { parseDatabaseValue } from './value.ts';

export const proveProxySchema = z.strictObject({
  operation: z.literal('proveProxy'),
  /** AWSCURRENT, whose credential is to be proven. */
  currentVersionId: tokenSchema,
});

/**
 * Free of effects.
 * @throws InvalidOperationError when a later rotation took over
 * @throws ProxyNotReadyError, PostgresUnreachableError: ask again
 * @throws LoginRefusedError when the server itself refuses AWSCURRENT: no proxy could let it in
 */
export async function proveProxy(
  input: unknown,
  { readVersion, stages }: Pick<RetireRoleTools, 'readVersion' | 'stages'>,
  tools: DatabaseTools,
): Promise<{ evidence: Evidence[] }> {
  const parsed = readAs(proveProxySchema, input);
  if (!parsed.success) {
    throw new InvalidOperationError(
      'proveProxy expects { currentVersionId }, a version id. Nothing was tried.',
    );
  }
  if (tools.settings.CONNECTION !== 'rdsProxy') {
    throw new InvalidOperationError(
      `proveProxy is for connection "rdsProxy"; this deployment has "${tools.settings.CONNECTION ?? 'direct'}", which testSecret proves.`,
    );
  }
  const { currentVersionId } = parsed.data;
  const current = currentVersion(await stages());
  if (current !== currentVersionId) {
    throw new InvalidOperationError(
      `AWSCURRENT is ${current ?? 'absent'}; expected ${currentVersionId}. A later rotation took over and has an AfterRotation of its own.`,
    );
  }
  const text = await readVersion(currentVersionId);
  if (text === undefined) {
    throw new InvalidOperationError(
      `Version ${currentVersionId} has no value; expected the one this rotation promoted.`,
    );
  }
  const value = parseDatabaseValue(text, tools.settings);
  // The positive control: what the proxy refuses, the server accepts in the same minute.
  await tools.door.withSession(applicationEndpoint(tools.settings, tools.ca), value, (session) =>
    expectSessionRole(session, value.username, value.username),
  );
  return { evidence: await proveConsumerPath(tools, value) };
}

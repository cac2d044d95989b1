/**
 * Operation `retireRole`, called by the AfterRotation of an emergency (multiUser): the leaked role, and
 * the identity while it can log in, lose LOGIN, then every session, then their verifier. The next planned
 * rotation that comes to the role gives it LOGIN again; the identity stays closed.
 */
import * as z from 'zod';
import { tokenSchema } from '../../domain/events/control-records.ts';
import { readAs } from '../../domain/events/read-as.ts';
import {
  currentVersion,
  rotationInProgress,
  type VersionIdsToStages,
} from '../../domain/policy/labels.ts';
import { readRole } from '../../doors/postgres/role-facts.ts';
import {
  discardVerifier,
  type EndedSessions,
  withRoleLock,
} from '../../doors/postgres/role-operations.ts';
import { type DatabaseTools, withAdmin } from './admin.ts';
import { InvalidOperationError, RoleInUseError } from './errors.ts';
import { assertRotatable } from './rotatable-role.ts';
import { shutOut } from './shut-out.ts';
import { parseDatabaseValue } from './value.ts';

/** Roles are read from the two versions: the caller cannot name one. */
export const retireRoleSchema = z.strictObject({
  operation: z.literal('retireRole'),
  /** The version whose credential leaked: AWSCURRENT before the emergency. */
  leakedVersionId: tokenSchema,
  /** AWSCURRENT now: the role it names is left alone. */
  currentVersionId: tokenSchema,
});
export type RetireRole = z.infer<typeof retireRoleSchema>;

export interface RetiredRole extends EndedSessions {
  role: string;
}

export interface RetireRoleTools {
  companion(name: 'admin'): Promise<unknown>;
  /** SecretString of one version of this secret; undefined when it has none. */
  readVersion(versionId: string): Promise<string | undefined>;
  /** Version id → its staging labels, as they stand now. */
  stages(): Promise<VersionIdsToStages>;
}

/** Repeatable. Refused when a later rotation took over. @throws InvalidOperationError, RoleInUseError, SessionsRemainError */
export async function retireRole(
  input: unknown,
  { companion, readVersion, stages }: RetireRoleTools,
  tools: DatabaseTools,
): Promise<{ retired: RetiredRole[] }> {
  const { SCHEME, IDENTITY } = tools.settings;
  const parsed = readAs(retireRoleSchema, input);
  if (!parsed.success) {
    throw new InvalidOperationError(
      'retireRole expects { leakedVersionId, currentVersionId }, two version ids. Nothing was changed.',
    );
  }
  if (SCHEME !== 'multiUser' || IDENTITY === undefined) {
    throw new InvalidOperationError(
      'retireRole is for multiUser; singleUser shuts the leaked credential out in setSecret.',
    );
  }
  const roleOf = async (versionId: string) => {
    const text = await readVersion(versionId);
    if (text === undefined) {
      throw new InvalidOperationError(
        `Version ${versionId} has no value, so its role is unknown; expected one that does. Nothing was changed: start the AfterRotation of AWSCURRENT again.`,
      );
    }
    return parseDatabaseValue(text, tools.settings).username;
  };
  const leaked = await roleOf(parsed.data.leakedVersionId);
  const inUse = await roleOf(parsed.data.currentVersionId);
  if (leaked === inUse) {
    throw new RoleInUseError(leaked);
  }
  return withAdmin(
    tools,
    () => companion('admin'),
    async (admin) => {
      const retired: RetiredRole[] = [];
      const wanted = [leaked];
      if (IDENTITY !== leaked && IDENTITY !== inUse && (await readRole(admin, IDENTITY)).canLogin) {
        wanted.push(IDENTITY);
      }
      for (const role of wanted) {
        await withRoleLock(admin, role, async () => {
          assertStillCurrent(parsed.data.currentVersionId, await stages());
          await assertRotatable(admin, role, tools.settings);
          const ended = await shutOut(admin, role, tools);
          await discardVerifier(admin, role);
          retired.push({ role, ...ended });
        });
      }
      return { retired };
    },
  );
}

/**
 * The next rotation comes to the leaked role and gives it LOGIN again, under the same lock. Once it has
 * begun, closing the role would shut out the credential it sets, or the one everybody uses by then.
 */
function assertStillCurrent(versionId: string, stages: VersionIdsToStages): void {
  const current = currentVersion(stages);
  const pending = rotationInProgress(stages);
  if (current !== versionId || pending !== undefined) {
    throw new InvalidOperationError(
      `AWSCURRENT is ${current ?? 'absent'} and rotation ${pending ?? 'none'} is in progress; expected ` +
        `${versionId} and none. Nothing was changed: a later rotation took over.`,
    );
  }
}

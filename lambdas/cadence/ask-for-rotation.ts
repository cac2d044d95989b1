/** Asks Secrets Manager for one planned rotation, or says why not. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { plannedToken } from '../../domain/policy/derived-token.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import { preflight, type Refusal } from '../../domain/policy/preflight.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import type { CadenceDoors } from './doors.ts';

export type Asked =
  | { outcome: 'started'; token: string }
  /** Somebody else's rotation came first: theirs serves as well. */
  | { outcome: 'inProgress'; token: string }
  | { outcome: 'refused'; refusal: Refusal };

/** @param description from DescribeSecret: what ListSecrets says may be five minutes old */
export async function askForRotation(
  doors: CadenceDoors,
  secret: RotatedManifestSecret,
  description: SecretDescription,
  reason: string,
): Promise<Asked> {
  const { controlTable, secretsManager } = doors;
  const current = currentVersion(description.versionIdsToStages);
  const now = doors.clock.now();
  const token = plannedToken(secret.name, current ?? 'none', now);
  const refusal = preflight({
    intent: 'planned',
    armed: secret.armed,
    describe: description,
    token,
    afterRotation:
      current === undefined ? undefined : await controlTable.getAfterRotation(secret.name, current),
    lease: await controlTable.getLease(secret.name),
    now,
  });
  if (refusal !== undefined) return { outcome: 'refused', refusal };

  // The record first: a rotation that starts without one counts as the console's.
  await controlTable.putIntent(secret.name, {
    intent: 'planned',
    token,
    requestedBy: 'cadence',
    reason,
    at: now.toISOString(),
  });
  const outcome = await secretsManager.rotate({
    secretId: description.arn,
    clientRequestToken: token,
  });
  return { outcome, token };
}

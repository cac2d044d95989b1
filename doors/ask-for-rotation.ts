/**
 * Asks Secrets Manager for a planned rotation, in the only order that is safe: may it start (preflight), who
 * asks (intent record), then RotateSecret. The schedule and the terminal ask alike.
 */
import type { RotatedManifestSecret } from '../domain/config/manifest.ts';
import { currentVersion } from '../domain/policy/labels.ts';
import { preflight, type Refusal } from '../domain/policy/preflight.ts';
import type { Clock } from './clock.ts';
import type { ControlTableDoor } from './control-table.ts';
import { rowsFollow } from './secret-facts.ts';
import type { SecretDescription, SecretsManagerDoor } from './secrets-manager.ts';

export interface AskingDoors {
  secretsManager: Pick<SecretsManagerDoor, 'rotate'>;
  controlTable: Pick<
    ControlTableDoor,
    'putIntent' | 'getAfterRotation' | 'getLease' | 'getAdoption' | 'getReencryption'
  >;
  clock: Clock;
}

export interface Question {
  /** ClientRequestToken: becomes the version id. */
  token: string;
  requestedBy: string;
  reason?: string | undefined;
}

export type Asked =
  | { outcome: 'started' | 'inProgress'; token: string }
  | { outcome: 'refused'; refusal: Refusal };

/** @param description from DescribeSecret: what ListSecrets says may be five minutes old */
export async function askForRotation(
  { secretsManager, controlTable, clock }: AskingDoors,
  secret: RotatedManifestSecret,
  description: SecretDescription,
  { token, requestedBy, reason }: Question,
): Promise<Asked> {
  const current = currentVersion(description.versionIdsToStages);
  const now = clock.now();
  const refusal = preflight({
    intent: 'planned',
    armed: secret.armed,
    adopted:
      secret.origin === 'adopted'
        ? (await controlTable.getAdoption(secret.name)) !== undefined
        : undefined,
    describe: description,
    token,
    afterRotation:
      current === undefined ? undefined : await controlTable.getAfterRotation(secret.name, current),
    lease: await controlTable.getLease(secret.name),
    reencryption: rowsFollow(secret) ? await controlTable.getReencryption(secret.name) : undefined,
    now,
  });
  if (refusal !== undefined) return { outcome: 'refused', refusal };

  // The record first: a rotation that starts without one counts as the console's.
  await controlTable.putIntent(secret.name, {
    intent: 'planned',
    token,
    requestedBy,
    ...(reason !== undefined && { reason }),
    at: now.toISOString(),
  });
  const outcome = await secretsManager.rotate({
    secretId: description.arn,
    clientRequestToken: token,
  });
  return { outcome, token };
}

/** The schedule's question: one token an hour and AWSCURRENT version, so that a tick run twice asks once. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { plannedToken } from '../../domain/policy/derived-token.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import { type Asked, askForRotation } from '../../doors/ask-for-rotation.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import type { CadenceDoors } from './doors.ts';

/** @param description from DescribeSecret: what ListSecrets says may be five minutes old */
export function askAsCadence(
  doors: CadenceDoors,
  secret: RotatedManifestSecret,
  description: SecretDescription,
  reason: string,
): Promise<Asked> {
  const current = currentVersion(description.versionIdsToStages) ?? 'none';
  const token = plannedToken(secret.name, current, doors.clock.now());
  return askForRotation(doors, secret, description, { token, requestedBy: 'cadence', reason });
}

const hour = 3_600_000;

/** Asked by the tick before this one, for the version that is still AWSCURRENT. */
export async function wasAskedAnHourAgo(
  { controlTable, clock }: CadenceDoors,
  { name }: RotatedManifestSecret,
  { versionIdsToStages }: SecretDescription,
): Promise<boolean> {
  const before = new Date(clock.now().getTime() - hour);
  const token = plannedToken(name, currentVersion(versionIdsToStages) ?? 'none', before);
  return (await controlTable.getIntent(name, token)) !== undefined;
}

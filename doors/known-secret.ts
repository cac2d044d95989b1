/**
 * What status and report know of a rotated secret: its facts, and what only people want to be told. One gathering,
 * so that the two never disagree. No value is read.
 */
import type { RotatedManifestSecret } from '../domain/config/manifest.ts';
import { dateLabelsOf, rotationInProgress } from '../domain/policy/labels.ts';
import type { KnownSecret } from '../domain/reports/secret-status.ts';
import type { ControlTableDoor } from './control-table.ts';
import { inboxStateOf } from './inbox-state.ts';
import { type Deployed, type FactDoors, factsOf } from './secret-facts.ts';
import type { SecretDescription, SecretsManagerDoor } from './secrets-manager.ts';

export interface KnowingDoors extends FactDoors {
  secretsManager: Pick<SecretsManagerDoor, 'describe'>;
  controlTable: FactDoors['controlTable'] & Pick<ControlTableDoor, 'getLease'>;
}

/** @param description from DescribeSecret: what ListSecrets says may be five minutes old */
export async function knownSecret(
  doors: KnowingDoors,
  secret: RotatedManifestSecret,
  description: SecretDescription,
  deployed: Deployed,
): Promise<KnownSecret> {
  const { controlTable } = doors;
  const pending = rotationInProgress(description.versionIdsToStages);
  const [facts, lease, record, identityOpen, inbox] = await Promise.all([
    factsOf(doors, secret, description, deployed),
    controlTable.getLease(secret.name),
    pending === undefined ? undefined : controlTable.getRotation(secret.name, pending),
    identityThatLogsIn(doors, secret, description),
    inboxOf(doors, secret, description),
  ]);
  return {
    key: secret.key,
    name: secret.name,
    arn: description.arn,
    kind: secret.kind,
    function: secret.function,
    facts,
    nextNativeRotation: description.nextRotationDate,
    lease,
    failure: record?.failure,
    identityOpen,
    inbox,
  };
}

async function inboxOf(
  doors: KnowingDoors,
  secret: RotatedManifestSecret,
  { versionIdsToStages }: SecretDescription,
): Promise<KnownSecret['inbox']> {
  if (secret.kind !== 'userManaged') return undefined;
  const { name } = secret.inbox;
  const inbox = (await doors.secretsManager.describe(name)).versionIdsToStages;
  return { name, ...(await inboxStateOf(doors, secret, versionIdsToStages, inbox)) };
}

/**
 * The identity is closed in the first rotation in which AWSCURRENT, AWSPENDING and AWSPREVIOUS all name a
 * login role: the third at the latest. Before, the rotation that closed it says so in its evidence, or, of an emergency,
 * the proof that follows it: whose sessions were ended was shut out first (retireRole).
 */
async function identityThatLogsIn(
  { controlTable }: KnowingDoors,
  secret: RotatedManifestSecret,
  { versionIdsToStages }: SecretDescription,
): Promise<string | undefined> {
  if (secret.kind !== 'database' || secret.identity === undefined) return undefined;
  const dated = Object.keys(versionIdsToStages).filter(
    (versionId) => dateLabelsOf(versionId, versionIdsToStages).length > 0,
  );
  if (dated.length >= 3) return undefined;
  const { name, identity } = secret;
  const [records, afters] = await Promise.all([
    Promise.all(dated.map((id) => controlTable.getRotation(name, id))),
    Promise.all(dated.map((id) => controlTable.getAfterRotation(name, id))),
  ]);
  const closed =
    records.some((record) => record?.evidence.some(({ fact }) => fact === 'identityClosed')) ||
    afters.some((after) =>
      after?.proof?.evidence.some(
        ({ fact, detail }) => fact === 'sessionsEnded' && detail?.role === identity,
      ),
    );
  return closed ? undefined : identity;
}

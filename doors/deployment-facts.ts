/**
 * What `quarterturn report` is made of: one gathering for the command line and whoever else writes a report.
 * No value is read and no database opened.
 *
 * ListSecrets is asked twice, by name and by tag (100 secrets a call, up to five minutes old), and tells of secrets
 * nothing rotates. Each rotated secret is described, and its records are asked for with seven reads (four more while a
 * rotation is pending that nobody has recorded yet), ten secrets at a time: DescribeSecret may be called 40 times a
 * second (Secrets Manager user guide, "Quotas").
 */
import {
  isRotated,
  type Manifest,
  type ManifestSecret,
  type RotatedManifestSecret,
  secretNames,
} from '../domain/config/manifest.ts';
import { auditLogGroupName, secretName, tagKeys } from '../domain/config/names.ts';
import { readersOf } from '../domain/config/readers-of.ts';
import { currentVersion, dateLabelsOf, parseDateLabel } from '../domain/policy/labels.ts';
import { straysOf } from '../domain/policy/strays.ts';
import type { DeploymentFacts, FactsOfSecret } from '../domain/reports/deployment/facts.ts';
import { purposeOf } from '../domain/reports/deployment/purpose.ts';
import { type Commands, secretStatus } from '../domain/reports/secret-status.ts';
import type { AuditLogDoor } from './audit-log.ts';
import { isAwsError } from './aws-call.ts';
import { certificatesOf } from './certificate-facts.ts';
import type { Clock } from './clock.ts';
import type { ControlTableDoor } from './control-table.ts';
import { type EmergencyFactDoors, emergencyFacts } from './emergency-facts.ts';
import { knownSecret } from './known-secret.ts';
import { rowsFollow } from './secret-facts.ts';
import type { SecretDescription, SecretsManagerDoor } from './secrets-manager.ts';
import type { StepFunctionsDoor } from './step-functions.ts';

export interface DeploymentFactDoors {
  readonly secretsManager: Pick<SecretsManagerDoor, 'describe' | 'list' | 'listTagged'>;
  readonly controlTable: ControlTableDoor;
  readonly stepFunctions: Pick<StepFunctionsDoor, 'isRunning'>;
  readonly auditLog: AuditLogDoor;
  readonly clock: Clock;
  /** Absent: nothing is told of emergencies. */
  readonly emergencyRecords?: EmergencyFactDoors['emergencyRecords'];
}

const atATime = 10;
const day = 86_400_000;
const daysBack = 365;

/** @throws AwsCallError for what is no refusal; what may not be read is told in its place */
export async function deploymentFacts(
  doors: DeploymentFactDoors,
  manifest: Manifest,
  caller: DeploymentFacts['caller'],
): Promise<DeploymentFacts> {
  const now = doors.clock.now();
  const from = new Date(now.getTime() - daysBack * day);
  const [listed, tagged, auditLog] = await Promise.all([
    allowed(() => doors.secretsManager.list(secretName(manifest, ''))),
    allowed(() =>
      doors.secretsManager.listTagged({
        [tagKeys.name]: manifest.name,
        [tagKeys.environment]: manifest.environment,
      }),
    ),
    auditLogOf(doors, manifest, from, now),
  ]);
  const described = new Map(listed.map((description) => [description.name, description]));
  const known = secretNames(manifest);
  const secrets: FactsOfSecret[] = [];
  for (let at = 0; at < manifest.secrets.length; at += atATime) {
    const some = manifest.secrets.slice(at, at + atATime);
    secrets.push(
      ...(await Promise.all(some.map((secret) => secretOf(doors, manifest, secret, described)))),
    );
  }
  return {
    now,
    from,
    deployment: { name: manifest.name, environment: manifest.environment },
    caller: { ...caller },
    contacts: manifest.contacts,
    secrets,
    certificates: await certificatesOf(doors, manifest),
    strays: straysOf(tagged, known, manifest.region),
    lastDrill: await lastDrillOf(doors, manifest),
    auditLog,
  };
}

async function lastDrillOf(
  doors: DeploymentFactDoors,
  manifest: Manifest,
): Promise<DeploymentFacts['lastDrill']> {
  const { emergencyRecords } = doors;
  if (emergencyRecords === undefined) return undefined;
  return (await emergencyFacts({ ...doors, emergencyRecords }, manifest))?.lastDrill;
}

type Listed = ReadonlyMap<string, SecretDescription>;

/** Who may not list knows less of user-managed secrets and strays, and of those nothing else. */
async function allowed(
  list: () => Promise<readonly SecretDescription[]>,
): Promise<readonly SecretDescription[]> {
  try {
    return await list();
  } catch (error) {
    if (isAwsError(error, 'AccessDeniedException')) return [];
    throw error;
  }
}

async function auditLogOf(
  { auditLog }: DeploymentFactDoors,
  manifest: Manifest,
  from: Date,
  now: Date,
): Promise<DeploymentFacts['auditLog']> {
  const group = auditLogGroupName(manifest);
  try {
    const { lines, complete } = await auditLog.read(group, from, now);
    return { group, state: complete ? 'read' : 'partly', lines };
  } catch (error) {
    // A report without its past is worth more than none; it says what is missing.
    const { code, message } = error as { code?: string; message?: string };
    if (!code?.startsWith('ERR_ROTATION_')) throw error;
    const state = isAwsError(error, 'AccessDeniedException')
      ? 'denied'
      : isAwsError(error, 'ResourceNotFoundException')
        ? 'absent'
        : 'failed';
    return { group, state, lines: [], problem: message };
  }
}

async function secretOf(
  doors: DeploymentFactDoors,
  manifest: Manifest,
  secret: ManifestSecret,
  listed: Listed,
): Promise<FactsOfSecret> {
  const { key, name, kind } = secret;
  const about = {
    key,
    name,
    purpose: purposeOf(secret),
    access: readersOf(manifest, secret),
  };
  const description = listed.get(name);
  const nothing = { rotations: [], afterRotations: [], description };
  if (!isRotated(secret)) {
    const reason = 'changed by its owners, as needed';
    const since = changedAt(description, doors.clock.now());
    const status = {
      ...{ key, name, kind, state: 'userManaged' as const, reason, notes: [], findings: [] },
      ...since,
    };
    return { ...about, ...nothing, status };
  }
  try {
    return { ...about, ...(await knownOf(doors, manifest, secret)) };
  } catch (error) {
    // One secret that was deleted, or a record that does not parse, must not hide the others.
    const { code, message } = error as { code?: string; message?: string };
    if (!code?.startsWith('ERR_ROTATION_')) throw error;
    const reason = message ?? code;
    const findings = [{ code, message: reason }];
    const status = { key, name, kind, state: 'unreadable' as const, reason, notes: [], findings };
    return { ...about, ...nothing, status };
  }
}

/** The date label of AWSCURRENT, where a rotation put one there. */
function changedAt(
  description: SecretDescription | undefined,
  now: Date,
): { rotatedAt?: string; ageDays?: number } {
  const stages = description?.versionIdsToStages ?? {};
  const current = currentVersion(stages);
  const [label] = current === undefined ? [] : dateLabelsOf(current, stages);
  const parsed = label === undefined ? undefined : parseDateLabel(label, now);
  if (parsed?.ok !== true) return {};
  const ageDays = Math.max(0, Math.floor((now.getTime() - parsed.at.getTime()) / day));
  return { rotatedAt: parsed.at.toISOString(), ageDays };
}

async function knownOf(
  doors: DeploymentFactDoors,
  manifest: Manifest,
  secret: RotatedManifestSecret,
): Promise<Omit<FactsOfSecret, 'key' | 'name' | 'purpose' | 'access'>> {
  const { controlTable } = doors;
  const [description, rotations, afterRotations, lease, reencryption] = await Promise.all([
    doors.secretsManager.describe(secret.name),
    controlTable.getRotations(secret.name),
    controlTable.getAfterRotations(secret.name),
    controlTable.getLease(secret.name),
    rowsFollow(secret) ? controlTable.getReencryption(secret.name) : undefined,
  ]);
  const rotationOf = (token: string | undefined) =>
    rotations.find((record) => record.token === token);
  // What was just read is not asked for again.
  const remembered: ControlTableDoor = {
    ...controlTable,
    getRotation: async (_, token) => rotationOf(token),
    getLease: async () => lease,
    getReencryption: async () => reencryption,
    getAfterRotation: async (_, id) => afterRotations.find(({ versionId }) => versionId === id),
  };
  const known = await knownSecret(
    { ...doors, controlTable: remembered },
    secret,
    description,
    manifest,
  );
  const status = secretStatus(known, withoutCommands);
  return { status, description, rotations, afterRotations, reencryption };
}

/** The report is read by those who do not run commands; `quarterturn status` says what to run. */
const withoutCommands: Commands = {
  rotate: () => '',
  rollback: () => '',
  release: () => '',
  adopt: () => '',
  look: () => '',
  rows: () => '',
  log: () => '',
  resume: () => '',
  deploy: '',
};

/** Reads what the status report is made of: labels and records, ten secrets at a time. No value is read. */

import {
  isRotated,
  type ManifestSecret,
  type RotatedManifestSecret,
  secretNames,
} from '../../domain/config/manifest.ts';
import { tagKeys } from '../../domain/config/names.ts';
import type { RotationRecord } from '../../domain/events/control-records.ts';
import type { VersionIdsToStages } from '../../domain/policy/labels.ts';
import { strayReason, straysOf } from '../../domain/policy/strays.ts';
import { secretStatus } from '../../domain/reports/secret-status.ts';
import type {
  SecretStatus,
  StatusReport,
  VersionStatus,
} from '../../domain/reports/status-report.ts';
import { certificatesOf } from '../../doors/certificate-facts.ts';
import { type EmergencyFacts, emergencyFacts } from '../../doors/emergency-facts.ts';
import { knownSecret } from '../../doors/known-secret.ts';
import type { OpenDeployment } from '../command.ts';
import { documentHead } from '../document-head.ts';
import { commandsFor } from './commands.ts';
import { consumersOf } from './consumers.ts';
import { findingsAround } from './emergencies.ts';

/** What the report is read through. */
export type StatusDoors = Pick<
  OpenDeployment,
  'manifest' | 'caller' | 'secretsManager' | 'controlTable' | 'stepFunctions' | 'clock'
> &
  /** Of one secret alone. */
  Partial<Pick<OpenDeployment, 'rolloutRecords'>> &
  /** Absent: nothing is told of emergencies. */
  Partial<Pick<OpenDeployment, 'emergencyRecords'>>;

/** DescribeSecret may be called 40 times a second (Secrets Manager user guide, "Quotas"). */
const atATime = 10;

/** @param only one secret: its labelled versions are told, too */
export async function statusReport(
  deployment: StatusDoors,
  only?: ManifestSecret,
): Promise<StatusReport> {
  const { manifest } = deployment;
  const asked = only === undefined ? manifest.secrets : [only];
  const secrets: SecretStatus[] = [];
  for (let from = 0; from < asked.length; from += atATime) {
    const some = asked.slice(from, from + atATime);
    secrets.push(...(await Promise.all(some.map((secret) => statusOf(deployment, secret)))));
  }
  const detail =
    only === undefined || !isRotated(only) || secrets[0]?.state === 'unreadable'
      ? undefined
      : await detailOf(deployment, only);
  const strays = only === undefined ? await straysAround(deployment) : undefined;
  const certificates = only === undefined ? await certificatesOf(deployment, manifest) : [];
  const told = only === undefined ? await emergenciesOf(deployment) : undefined;
  const findings = [...secrets, ...certificates].reduce(
    (sum, { findings: { length } }) => sum + length,
    0,
  );
  return {
    report: 'quarterturn-status',
    ...documentHead(deployment),
    ...told?.facts,
    secrets,
    ...detail,
    ...(certificates.length > 0 && { certificates }),
    ...(strays && { strays }),
    findings:
      findings +
      (strays ?? []).filter(({ kind }) => kind === 'stray').length +
      (told?.findings ?? 0),
  };
}

async function emergenciesOf(
  deployment: StatusDoors,
): Promise<{ facts: EmergencyFacts; findings: number } | undefined> {
  const { emergencyRecords, manifest } = deployment;
  if (emergencyRecords === undefined) return undefined;
  const facts = await emergencyFacts({ ...deployment, emergencyRecords }, manifest);
  return facts && { facts, findings: findingsAround(facts, manifest).length };
}

/** Tagged as this deployment's and not in it: nobody rotates them. */
async function straysAround({
  manifest,
  secretsManager,
}: StatusDoors): Promise<NonNullable<StatusReport['strays']>> {
  const { name, environment, region } = manifest;
  const tagged = await secretsManager.listTagged({
    [tagKeys.name]: name,
    [tagKeys.environment]: environment,
  });
  return straysOf(tagged, secretNames(manifest), region).map((stray) => ({
    ...stray,
    reason: strayReason(stray),
  }));
}

async function statusOf(deployment: StatusDoors, secret: ManifestSecret): Promise<SecretStatus> {
  const { key, name, kind } = secret;
  if (!isRotated(secret)) {
    const reason = `not rotated here: ${secret.purpose}`;
    return { key, name, kind, state: 'userManaged', reason, notes: [], findings: [] };
  }
  try {
    const description = await deployment.secretsManager.describe(name);
    const known = await knownSecret(deployment, secret, description, deployment.manifest);
    return secretStatus(known, commandsFor(deployment));
  } catch (error) {
    // One secret that was deleted, or a record that does not parse, must not hide the others.
    const { code, message } = error as { code?: string; message?: string };
    if (!code?.startsWith('ERR_ROTATION_')) throw error;
    const reason = message ?? code;
    const findings = [{ code, message: reason }];
    return { key, name, kind, state: 'unreadable', reason, notes: [], findings };
  }
}

async function detailOf(
  deployment: StatusDoors,
  secret: RotatedManifestSecret,
): Promise<Pick<StatusReport, 'versions' | 'consumers'>> {
  const { versionIdsToStages } = await deployment.secretsManager.describe(secret.name);
  const [versions, consumers] = await Promise.all([
    versionsOf(deployment, secret, versionIdsToStages),
    consumersOf(deployment, secret, versionIdsToStages),
  ]);
  return { versions, ...(consumers && { consumers }) };
}

/** Labelled versions, the newest rotation first; versions nobody recorded come last. */
async function versionsOf(
  deployment: StatusDoors,
  { name }: RotatedManifestSecret,
  versionIdsToStages: VersionIdsToStages,
): Promise<VersionStatus[]> {
  const ids = Object.keys(versionIdsToStages);
  const versions = await Promise.all(
    ids.map((id) => versionOf(deployment, name, id, versionIdsToStages)),
  );
  return versions.sort(newestFirst);
}

/** Two rotations of one instant: by the labels they hold now. */
const order = ['AWSPENDING', 'AWSCURRENT', 'AWSPREVIOUS'];

function newestFirst(a: VersionStatus, b: VersionStatus): number {
  const [first, second] = [a.rotation?.at ?? '', b.rotation?.at ?? ''];
  if (first !== second) return first < second ? 1 : -1;
  const place = ({ labels }: VersionStatus) => order.findIndex((label) => labels.includes(label));
  // Without any of them (-1) it comes last.
  return (place(a) >>> 0) - (place(b) >>> 0);
}

async function versionOf(
  { controlTable }: StatusDoors,
  secretName: string,
  versionId: string,
  stages: VersionIdsToStages,
): Promise<VersionStatus> {
  const [record, after] = await Promise.all([
    controlTable.getRotation(secretName, versionId),
    controlTable.getAfterRotation(secretName, versionId),
  ]);
  return {
    versionId,
    labels: [...(stages[versionId] ?? [])].sort(),
    ...(record && {
      rotation: { ...rotationOf(record), ...(after && { afterRotation: after.state }) },
    }),
  };
}

function rotationOf(record: RotationRecord): NonNullable<VersionStatus['rotation']> {
  const { intent, at, provenance, basedOn, steps, failure } = record;
  const durations = Object.values(steps).map(({ milliseconds }) => milliseconds);
  return {
    intent,
    at,
    ...(provenance.requestedBy && { requestedBy: provenance.requestedBy }),
    ...(provenance.reason && { reason: provenance.reason }),
    ...(basedOn !== null && { basedOn }),
    ...(durations.length > 0 && { milliseconds: durations.reduce((sum, one) => sum + one) }),
    ...(failure && { failure }),
  };
}

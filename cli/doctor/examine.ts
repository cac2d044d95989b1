/** Everything that can be known of one secret from here: its own function is asked for what on-call may not see. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { pinLabel, tagKeys } from '../../domain/config/names.ts';
import { type Diagnosis, diagnosisSchema } from '../../domain/events/diagnosis.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { type DiagnosisFinding, diagnosisOf } from '../../domain/policy/diagnosis.ts';
import type { PendingFacts } from '../../domain/policy/diagnosis-facts.ts';
import { decide } from '../../domain/policy/due.ts';
import { rotationInProgress } from '../../domain/policy/labels.ts';
import { judgePending } from '../../domain/policy/pending.ts';
import { protectionFindings } from '../../domain/policy/protection.ts';
import type { DoctoredSecret, DoctorFinding } from '../../domain/reports/doctor-report.ts';
import { type KnownSecret, secretStatus } from '../../domain/reports/secret-status.ts';
import type { SecretStatus } from '../../domain/reports/status-report.ts';
import { AwsCallError, isAwsError } from '../../doors/aws-call.ts';
import { FunctionFailedError } from '../../doors/functions.ts';
import { knownSecret } from '../../doors/known-secret.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import type { OpenDeployment } from '../command.ts';
import { FunctionAnswerError } from '../errors.ts';
import { commandsFor } from '../status/commands.ts';

/** @throws AwsCallError when Secrets Manager or the control table do not answer on-call */
export async function examine(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
): Promise<DoctoredSecret> {
  const { manifest, secretsManager } = deployment;
  const description = await secretsManager.describe(secret.name);
  const [known, asked, pending, policy] = await Promise.all([
    knownSecret(deployment, secret, description, manifest),
    ask(deployment, secret),
    pendingOf(deployment, secret, description),
    policyOf(deployment, secret),
  ]);
  const status = secretStatus(known, commandsFor(deployment));
  const { diagnosis } = asked;
  const { now } = known.facts;
  const judged =
    diagnosis &&
    diagnosisOf(
      {
        kind: secret.kind,
        rotationEnabled: description.rotationEnabled,
        reaches: diagnosis.reaches,
        versions: diagnosis.versions,
        ...(pending && { pending }),
        ...(known.lease && isAhead(known.lease.expiresAt, now) && { lease: known.lease }),
        ...lostAfterRotation(known),
        ...(diagnosis.target && { target: diagnosis.target }),
      },
      pinLabel,
    );
  const findings = [
    ...(judged?.findings ?? []),
    ...protectionFindings({
      policy,
      kmsKeyId: description.kmsKeyId,
      tags: description.tags ?? {},
      expectedTags: isOurs(secret) ? tagsOf(deployment, secret) : {},
      isProtected: isOurs(secret),
    }),
  ].map((finding) => withCommand(finding, deployment, secret));
  return {
    key: secret.key,
    name: secret.name,
    kind: secret.kind,
    state: status.state,
    versions: (diagnosis?.versions ?? []).map(toldVersion),
    reaches: Object.fromEntries(
      (diagnosis?.reaches ?? [])
        .filter(({ problem }) => problem === undefined)
        .map(({ service, milliseconds }) => [service, milliseconds]),
    ),
    ...(diagnosis?.target && { roles: diagnosis.target.roles }),
    findings: [...asked.findings, ...findings, ...ofStatus(status, known, findings, deployment)],
    notes: [...status.notes, ...(judged?.notes ?? [])],
    unchecked: [
      ...(diagnosis?.target?.unchecked ?? []),
      ...(policy === undefined ? ['its resource policy: these credentials may not read it'] : []),
    ],
  };
}

/** Written so that an unreadable instant counts as ahead. */
const isAhead = (instant: string, now: Date): boolean =>
  !(new Date(instant).getTime() <= now.getTime());

/** A function that does not answer is a finding, and what is known without it is told all the same. */
async function ask(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
): Promise<{ diagnosis?: Diagnosis; findings: DoctorFinding[] }> {
  try {
    const answer = await deployment.functions.invoke(secret.function, { operation: 'diagnose' });
    const parsed = readAs(diagnosisSchema, answer);
    if (!parsed.success) {
      throw new FunctionAnswerError(secret.function, parsed.error.issues[0]?.path.join('.') ?? '');
    }
    return { diagnosis: parsed.data, findings: [] };
  } catch (error) {
    const isTold =
      error instanceof FunctionFailedError ||
      error instanceof FunctionAnswerError ||
      error instanceof AwsCallError;
    if (!isTold) throw error;
    const finding: DoctorFinding = {
      code: 'functionFailed',
      level: 'blocks',
      message: `Its rotation function did not say how it is, so no rotation of it can be expected to go well: ${error.message}`,
      command: commandsFor(deployment).log(secret.function),
    };
    return { findings: [finding] };
  }
}

async function pendingOf(
  { controlTable, clock }: OpenDeployment,
  { name }: RotatedManifestSecret,
  { versionIdsToStages, lastChangedDate }: SecretDescription,
): Promise<PendingFacts | undefined> {
  const versionId = rotationInProgress(versionIdsToStages);
  if (versionId === undefined) return undefined;
  const [record, intent] = await Promise.all([
    controlTable.getRotation(name, versionId),
    controlTable.getIntent(name, versionId),
  ]);
  const { state, since } = judgePending({
    recordedAt: record?.at ?? intent?.at,
    // Nothing is recorded: the label itself was the last change of the secret.
    firstSeenAt: lastChangedDate?.toISOString(),
    failure: record?.failure,
    now: clock.now(),
  });
  return {
    intent: record?.intent ?? intent?.intent ?? 'planned',
    recorded: record !== undefined,
    basedOn: record?.basedOn,
    since,
    stuck: state === 'stuck',
    steps: Object.keys(record?.steps ?? {}),
    failure: record?.failure,
  };
}

function lostAfterRotation({ facts }: KnownSecret): { lostAfterRotation?: string } {
  const { afterRotation } = facts;
  return decide(facts).act === 'restartAfterRotation' && afterRotation !== undefined
    ? { lostAfterRotation: afterRotation.versionId }
    : {};
}

async function policyOf(
  { secretsManager }: OpenDeployment,
  { name }: RotatedManifestSecret,
): Promise<string | null | undefined> {
  try {
    return (await secretsManager.getResourcePolicy(name)) ?? null;
  } catch (error) {
    if (isAwsError(error, 'AccessDeniedException')) return undefined;
    throw error;
  }
}

/** Before an adopted secret is armed it is its owners': they write it, and tag it. */
const isOurs = ({ origin, armed }: RotatedManifestSecret): boolean => origin === 'new' || armed;

function tagsOf({ manifest }: OpenDeployment, secret: RotatedManifestSecret) {
  const { name, environment } = manifest;
  return {
    [tagKeys.name]: name,
    [tagKeys.environment]: environment,
    [tagKeys.kind]: secret.kind,
    ...(secret.cadenceDays !== undefined && { [tagKeys.cadenceDays]: String(secret.cadenceDays) }),
  };
}

function withCommand(
  { repairs, ...finding }: DiagnosisFinding,
  { manifest }: OpenDeployment,
  { key }: RotatedManifestSecret,
): DoctorFinding {
  if (repairs === undefined) return finding;
  const deployment = `${manifest.name}/${manifest.environment}`;
  return {
    ...finding,
    command: `npx quarterturn doctor ${key} --deployment ${deployment} --repair`,
    repairs: repairs.map((repair) => ({ ...repair })),
  };
}

function toldVersion({
  versionId,
  labels,
  value,
  primary,
  attempts,
}: Diagnosis['versions'][number]): DoctoredSecret['versions'][number] {
  return {
    versionId,
    labels,
    value,
    ...(primary !== undefined && { primary }),
    ...(attempts && {
      attempts: attempts.map(({ at, answer, milliseconds, problem }) => ({
        at,
        answer,
        milliseconds,
        ...(problem && { code: problem.code }),
        ...(problem?.sqlstate !== undefined && { sqlstate: problem.sqlstate }),
        ...(problem?.reason !== undefined && { reason: problem.reason }),
      })),
    }),
  };
}

/** What status finds, too, without what was said better here. */
function ofStatus(
  status: SecretStatus,
  { failure, name }: KnownSecret,
  found: readonly DoctorFinding[],
  { manifest }: OpenDeployment,
): DoctorFinding[] {
  const has = (...codes: string[]) => found.some(({ code }) => codes.includes(code));
  const said = new Set<string | undefined>();
  if (has('rotationStuck', 'promotedInTarget', 'emergencyStuck', 'pendingCompromised')) {
    said.add('inProgress').add(failure?.code);
  }
  if (has('afterRotationLost')) said.add('afterRotationPending');
  return status.findings
    .filter(({ code }) => !said.has(code))
    .map(({ code, message, command }) => ({
      code,
      level: 'blocks' as const,
      message,
      // A deployment that changes nothing of the schedule does not touch it (CloudFormation updates what differs).
      ...(code === 'rotationDisabled'
        ? {
            command: `aws secretsmanager rotate-secret --secret-id ${name} --no-rotate-immediately --region ${manifest.region}`,
          }
        : command !== undefined && { command }),
    }));
}

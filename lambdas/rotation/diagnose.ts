/**
 * Operation `diagnose`: everything a person would look up by hand, and may not: which labelled versions have a value,
 * whether it parses, and whether the target accepts it. Reads, tries logins, changes nothing.
 *
 * A wrong password too many bans a role (credcheck, fail2ban), so each credential meets each endpoint once, and those
 * that are expected to be refused are tried only where it decides something:
 * 1. AWSCURRENT and a pending version are always tried
 * 2. AWSPREVIOUS and the pinned version only when AWSCURRENT was not accepted
 */
import { pinLabel } from '../../domain/config/names.ts';
import type { LeaseRecord } from '../../domain/events/control-records.ts';
import {
  type Attempt,
  type Diagnosis,
  diagnoseSchema,
  type ExaminedTarget,
  type ExaminedVersion,
} from '../../domain/events/diagnosis.ts';
import { readAs } from '../../domain/events/read-as.ts';
import {
  currentVersion,
  previousVersion,
  rotationInProgress,
  versionWith,
} from '../../domain/policy/labels.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import { InvalidRotationEventError } from './errors.ts';
import { problemOf } from './problem.ts';
import { isMarker, type Room, type Run, readCompanion, trialRotation } from './run.ts';
import { isRefusalOfTheTarget } from './staging.ts';
import type { JsonCompanionName, MaterialId, Rotation } from './strategy.ts';

/** What a kind of secret knows of its target beside testSecret. */
export interface Examiner<Value> {
  /** One login an endpoint; `pending`: AWSCURRENT is another version. */
  attempt(value: Value, pending: boolean, rotation: Rotation<Value>): Promise<Attempt[]>;
  /** What only its admin sees. */
  target(companion: (name: JsonCompanionName) => Promise<unknown>): Promise<ExaminedTarget>;
}

export interface DiagnosableRoom<Value> extends Room<Value> {
  examiner?: Examiner<Value>;
}

export async function diagnose<Value>(
  room: DiagnosableRoom<Value>,
  input: unknown,
  functionArn: string,
): Promise<Diagnosis> {
  if (!readAs(diagnoseSchema, input).success) {
    throw new InvalidRotationEventError('is no diagnose operation { operation: "diagnose" }');
  }
  const { secretsManager, controlTable, kmsRandom, log } = room.doors;
  const { SECRET_ARN, SECRET_NAME } = room.environment;
  const [description, lease, random] = await Promise.all([
    reach<SecretDescription>(room, 'secretsmanager', () => secretsManager.describe(SECRET_ARN)),
    reach<LeaseRecord | undefined>(room, 'dynamodb', () => controlTable.getLease(SECRET_NAME)),
    reach(room, 'kms', () => kmsRandom.bytes(1)),
  ]);
  const reaches = [description.told, lease.told, random.told];
  // Without the control table nobody knows what is compromised, and no strategy is asked anything.
  const askable = lease.told.problem === undefined;
  const versions =
    description.found === undefined ? [] : await examined(room, description.found, askable);
  const target = await room.examiner?.target((name) => readCompanion(room, name));
  log.info('diagnosed', {
    secret: SECRET_NAME,
    unreachable: reaches.filter(({ problem }) => problem).map(({ service }) => service),
    accepted: versions
      .filter(({ attempts }) => attempts?.every(({ answer }) => answer === 'accepted'))
      .map(({ versionId }) => versionId),
  });
  return {
    secretArn: SECRET_ARN,
    functionArn,
    reaches,
    versions,
    ...(target !== undefined && { target }),
  };
}

async function reach<Found>(
  { doors: { clock } }: Room<unknown>,
  service: Diagnosis['reaches'][number]['service'],
  call: () => Promise<Found>,
): Promise<{ told: Diagnosis['reaches'][number]; found?: Found }> {
  const started = clock.now().getTime();
  const told = () => ({ service, milliseconds: clock.now().getTime() - started });
  try {
    const found = await call();
    return { told: told(), found };
  } catch (error) {
    return { told: { ...told(), problem: problemOf(error, `a call of ${service}`) } };
  }
}

interface Known<Value> {
  version: ExaminedVersion;
  value?: Value;
}

async function examined<Value>(
  room: DiagnosableRoom<Value>,
  description: SecretDescription,
  askable: boolean,
): Promise<ExaminedVersion[]> {
  const stages = description.versionIdsToStages;
  const compromised: ReadonlySet<MaterialId> = askable
    ? await room.doors.controlTable.getCompromised(room.environment.SECRET_NAME)
    : new Set();
  const known = new Map<string, Known<Value>>();
  for (const [versionId, labels] of Object.entries(stages)) {
    known.set(versionId, await read(room, versionId, labels, compromised));
  }
  const currentId = currentVersion(stages);
  const pendingId = rotationInProgress(stages);
  if (askable) {
    const tried = new Map<string, Attempt[]>();
    const ask = (versionId: string | undefined, pending: boolean) =>
      tryOnce(room, description, known.get(versionId ?? ''), pending, tried);
    await ask(currentId, false);
    await ask(pendingId, true);
    const attempts = known.get(currentId ?? '')?.version.attempts;
    if (attempts?.some(({ answer, pooled }) => answer !== 'accepted' && pooled === undefined)) {
      await ask(previousVersion(stages), true);
      await ask(versionWith(pinLabel, stages), true);
    }
  }
  return [...known.values()].map(({ version }) => version);
}

async function read<Value>(
  { doors, environment, strategy }: Room<Value>,
  versionId: string,
  labels: readonly string[],
  compromised: ReadonlySet<MaterialId>,
): Promise<Known<Value>> {
  const about = { versionId, labels: [...labels].sort() };
  let text: string | undefined;
  try {
    text = await doors.secretsManager.getValue(environment.SECRET_ARN, versionId);
  } catch (error) {
    const value = error instanceof AwsCallError ? 'unreadable' : 'unparsable';
    return { version: { ...about, value, problem: problemOf(error, 'GetSecretValue') } };
  }
  if (text === undefined || isMarker(text)) {
    return { version: { ...about, value: text === undefined ? 'none' : 'marker' } };
  }
  try {
    const value = strategy.parse(text);
    const { primary, published, all } = strategy.material(value);
    const named = [primary, published].filter((id) => id !== undefined);
    return {
      value,
      version: {
        ...about,
        value: 'text',
        ...(primary !== undefined && { primary }),
        ...(published !== undefined && { published }),
        materials: all.length,
        compromised: named.some((id) => compromised.has(id)),
      },
    };
  } catch (error) {
    return { version: { ...about, value: 'unparsable', problem: problemOf(error, 'parsing') } };
  }
}

/** Two versions of one credential share the answer: a label that moved alone, a rollback under way. */
async function tryOnce<Value>(
  room: DiagnosableRoom<Value>,
  description: SecretDescription,
  known: Known<Value> | undefined,
  pending: boolean,
  tried: Map<string, Attempt[]>,
): Promise<void> {
  const { version, value } = known ?? {};
  if (version === undefined || value === undefined || version.attempts !== undefined) {
    return;
  }
  const { primary, published } = version;
  const same = primary === undefined ? version.versionId : `${primary} ${published ?? ''}`;
  const attempts = tried.get(same) ?? (await attemptsWith(room, description, value, pending));
  tried.set(same, attempts);
  version.attempts = attempts;
}

async function attemptsWith<Value>(
  room: DiagnosableRoom<Value>,
  description: SecretDescription,
  value: Value,
  pending: boolean,
): Promise<Attempt[]> {
  const { clock } = room.doors;
  const now = clock.now();
  const token = currentVersion(description.versionIdsToStages) ?? '';
  const run: Run<Value> = { ...room, token, description, now, evidence: [] };
  const rotation = await trialRotation(run);
  if (room.examiner !== undefined) {
    return room.examiner.attempt(value, pending, rotation);
  }
  const versions = pending ? { pending: value } : { current: value };
  return [await attempt(clock, 'target', () => room.strategy.testSecret(versions, rotation))];
}

/** @param refuses is this error the target's own "no"? */
export async function attempt(
  { now }: { now(): Date },
  at: string,
  work: () => Promise<unknown>,
  refuses: (error: unknown) => boolean = isRefusalOfTheTarget,
): Promise<Attempt> {
  const started = now().getTime();
  const milliseconds = () => now().getTime() - started;
  try {
    await work();
    return { at, answer: 'accepted', milliseconds: milliseconds() };
  } catch (error) {
    const answer = refuses(error) ? 'refused' : 'failed';
    return { at, answer, milliseconds: milliseconds(), problem: problemOf(error, 'the test') };
  }
}

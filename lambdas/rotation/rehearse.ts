/**
 * What a first rotation would do, without doing it: the value that is there is read and parsed, the next one is
 * made in memory and thrown away, and the current one is tested. Nothing is stored, no label moves, nothing is
 * set in a target; answers hold facts and findings, never a value.
 *
 * A refusal on the way is what the rehearsal is for, so it is a finding; only what says nothing about the secret
 * (an AWS call that fails, a defect) is thrown.
 */
import { pinLabel } from '../../domain/config/names.ts';
import {
  type Finding,
  type Rehearsal,
  rehearseSchema,
  type ValueFacts,
} from '../../domain/events/operator-requests.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { RollbackRehearsal } from '../../domain/events/rollback-rehearsal.ts';
import { currentVersion, type VersionIdsToStages } from '../../domain/policy/labels.ts';
import { preflight } from '../../domain/policy/preflight.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import { BinarySecretError, type SecretDescription } from '../../doors/secrets-manager.ts';
import { InvalidRotationEventError } from './errors.ts';
import { rehearseRollback } from './rehearse-rollback.ts';
import { attempt, blocks, noToken } from './rehearsing.ts';
import { isMarker, type Room, type Run, reencryptionOf, trialRotation } from './run.ts';
import { versionsToBuildOn } from './steps/create-secret.ts';
import type { Rotation } from './strategy.ts';
import { sizeOf } from './value-size.ts';

export interface Inspection {
  facts: ValueFacts;
  findings: Finding[];
}
/** What a kind of secret says of a value it holds; `secretString` is what was stored. */
export type Inspect<Value> = (
  value: Value,
  secretString: string,
  rotation: Rotation<Value>,
) => Promise<Inspection>;

export interface RehearsingRoom<Value> extends Room<Value> {
  inspect?: Inspect<Value>;
}

/** Of twenty labels 3 are AWS's, 1 is the pin, 12 are dates. */
const foreignLabels = 4;

/** A first rotation, or, where the request says so, a rollback. */
export async function rehearse<Value>(
  room: RehearsingRoom<Value>,
  input: unknown,
  functionArn: string,
): Promise<Rehearsal | RollbackRehearsal> {
  const request = readAs(rehearseSchema, input);
  if (!request.success) {
    throw new InvalidRotationEventError(
      'is no rehearse operation { operation: "rehearse", rollback?: { versionId? } }',
    );
  }
  const { rollback } = request.data;
  return rollback === undefined
    ? rehearseFirst(room, functionArn)
    : rehearseRollback(room, rollback.versionId, functionArn);
}

async function rehearseFirst<Value>(
  room: RehearsingRoom<Value>,
  functionArn: string,
): Promise<Rehearsal> {
  const { SECRET_ARN, SECRET_NAME, KMS_KEY_ARN } = room.environment;
  const description = await room.doors.secretsManager.describe(SECRET_ARN);
  const stages = description.versionIdsToStages;
  const versionId = currentVersion(stages);
  const run: Run<Value> = {
    ...room,
    token: noToken,
    description,
    now: room.doors.clock.now(),
    evidence: [],
  };
  const seen = await rehearsed(run, room.inspect, versionId);
  const findings = [...labelFindings(stages), ...(await refusals(run)), ...seen.findings];
  room.doors.log.info('rehearsed', {
    secret: SECRET_NAME,
    value: seen.value,
    findings: findings.map(({ code }) => code),
  });
  return {
    secretArn: SECRET_ARN,
    ...(KMS_KEY_ARN && { kmsKeyArn: KMS_KEY_ARN }),
    functionArn,
    ...(versionId && { versionId }),
    labels: Object.values(stages).flat().length,
    ...seen,
    findings,
  };
}

type Seen = Pick<Rehearsal, 'value' | 'facts' | 'bytes' | 'nextBytes' | 'findings'>;

async function rehearsed<Value>(
  run: Run<Value>,
  inspect: Inspect<Value> | undefined,
  versionId: string | undefined,
): Promise<Seen> {
  let text: string | undefined;
  try {
    text =
      versionId && (await run.doors.secretsManager.getValue(run.environment.SECRET_ARN, versionId));
  } catch (error) {
    if (error instanceof BinarySecretError) {
      return { value: 'binary', findings: [] };
    }
    if (error instanceof AwsCallError) {
      // Most often the key: its policy does not let the account's IAM policies decide, or it is another key.
      return { value: 'missing', findings: [blocks('VALUE_UNREADABLE', error.message)] };
    }
    throw error;
  }
  if (text === undefined) {
    return { value: 'missing', findings: [] };
  }
  if (isMarker(text)) {
    const message = 'It holds the marker of a new secret; there is no value to take over.';
    return { value: 'uninitialised', findings: [blocks('VALUE_UNINITIALISED', message)] };
  }
  const bytes = Buffer.byteLength(text);
  const findings: Finding[] = [];
  const value = await attempt(findings, async () => run.strategy.parse(text));
  if (value === undefined) {
    return { value: 'text', bytes, findings };
  }
  const rotation = await trialRotation(run);
  const inspection = await attempt(findings, async () => inspect?.(value, text, rotation));
  findings.push(...(inspection?.findings ?? []));
  const next = await attempt(findings, async () => {
    const versions = await versionsToBuildOn(run, 'planned', rotation);
    return sizeOf(run, 'planned', await run.strategy.createSecret(versions, rotation));
  });
  if (next?.tooLarge) findings.push(blocks('VALUE_TOO_LARGE', next.tooLarge.message));
  await attempt(findings, () => run.strategy.testSecret({ current: value }, rotation));
  return {
    value: 'text',
    ...(inspection && { facts: inspection.facts }),
    bytes,
    ...(next && { nextBytes: next.bytes }),
    findings,
  };
}

/** Everything that would refuse a planned rotation, except that the secret is not armed and has no schedule yet. */
async function refusals<Value>(run: Run<Value>): Promise<Finding[]> {
  const { doors, environment, description, now } = run;
  const { controlTable } = doors;
  const name = environment.SECRET_NAME;
  const current = currentVersion(description.versionIdsToStages);
  const refusal = preflight({
    intent: 'planned',
    armed: true,
    describe: { ...enabled, versionIdsToStages: description.versionIdsToStages },
    afterRotation: current ? await controlTable.getAfterRotation(name, current) : undefined,
    lease: await controlTable.getLease(name),
    reencryption: await reencryptionOf(run),
    now,
  });
  return refusal === undefined ? [] : [blocks(refusal.code, refusal.message)];
}
const enabled: Pick<SecretDescription, 'rotationEnabled'> = { rotationEnabled: true };

function labelFindings(stages: VersionIdsToStages): Finding[] {
  const foreign = Object.values(stages)
    .flat()
    .filter((label) => !label.startsWith('AWS') && label !== pinLabel && !/^rotated-/.test(label));
  return foreign.length <= foreignLabels
    ? []
    : [
        blocks(
          'LABELS_EXHAUSTED',
          `${foreign.length} labels of others are on its versions, rotations leave room for ${foreignLabels} of twenty: remove some (update-secret-version-stage --remove-from-version-id).`,
        ),
      ];
}

/**
 * Reads every labelled version of the secrets that are asked for, and answers with fingerprints of their values under
 * the asker's key. What is asked, by whom (as they say) and how much was handed out is one line of the log.
 */
import { createHash } from 'node:crypto';
import {
  type FingerprintedSecret,
  type FingerprintedValue,
  type FingerprintsAnswer,
  fingerprintsQuestionSchema,
  type ScanWindow,
} from '../../domain/events/fingerprints.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import { BinarySecretError } from '../../doors/secrets-manager.ts';
import { inParallel } from '../rotation/in-parallel.ts';
import type { FingerprintsDoors } from './doors.ts';
import type { DeployedSecret } from './environment.ts';
import { FingerprintsNotTakenError, FingerprintsQuestionError } from './errors.ts';
import type { Found } from './owners-values.ts';
import { valuesIn } from './values.ts';
import { windowsOf } from './windows.ts';

export interface Deployed {
  /** `<name>/<environment>`. */
  readonly deployment: string;
  readonly secrets: readonly DeployedSecret[];
}

const atATime = 5;

/** @throws FingerprintsQuestionError, FingerprintsNotTakenError */
export async function takeFingerprints(
  doors: FingerprintsDoors,
  deployed: Deployed,
  question: unknown,
): Promise<FingerprintsAnswer> {
  const asked = readAs(fingerprintsQuestionSchema, question);
  if (!asked.success) {
    const at = asked.error.issues.map(({ path }) => String(path[0] ?? 'the question'));
    throw new FingerprintsQuestionError(`at ${[...new Set(at)].join(', ')}`);
  }
  const { scanKey, secrets, askedBy } = asked.data;
  const chosen = [...new Set(secrets)].map((key) => {
    const secret = deployed.secrets.find((each) => each.key === key);
    if (secret === undefined) throw new FingerprintsQuestionError(`no secret "${key}" here`);
    return secret;
  });
  const key = Buffer.from(scanKey, 'hex');
  const answer: FingerprintsAnswer = {
    version: 1,
    deployment: deployed.deployment,
    secrets: await inParallel(chosen, atATime, (secret) => fingerprintsOf(doors, secret, key)),
  };
  doors.log.info('fingerprints-taken', {
    askedBy,
    // Tells scans apart, and which of them were of one key, without the key.
    scan: createHash('sha256').update('quarterturn scan id').update(key).digest('hex').slice(0, 16),
    secrets: chosen.map(({ name }) => name),
    values: answer.secrets.reduce((sum, { values }) => sum + values.length, 0),
    leftOut: answer.secrets.reduce((sum, { leftOut }) => sum + leftOut.length, 0),
  });
  return answer;
}

interface Version {
  readonly versionId: string;
  readonly labels: string[];
}

async function fingerprintsOf(
  { secretsManager }: FingerprintsDoors,
  secret: DeployedSecret,
  scanKey: Buffer,
): Promise<FingerprintedSecret> {
  const { key, name, kind } = secret;
  const gathered = new Gathered(scanKey);
  try {
    const { versionIdsToStages } = await secretsManager.describe(name);
    for (const [versionId, labels] of Object.entries(versionIdsToStages)) {
      const version = { versionId, labels: [...labels] };
      for (const found of await valuesOf(secretsManager, secret, versionId)) {
        gathered.add(version, found);
      }
    }
  } catch (error) {
    if (!(error instanceof AwsCallError)) throw error;
    throw new FingerprintsNotTakenError(name, error.message);
  }
  return { key, name, kind, ...gathered.told() };
}

/** A pending version without a value has none. */
async function valuesOf(
  secretsManager: FingerprintsDoors['secretsManager'],
  secret: DeployedSecret,
  versionId: string,
): Promise<Found[]> {
  try {
    const value = await secretsManager.getValue(secret.name, versionId);
    return value === undefined ? [] : valuesIn(secret, value);
  } catch (error) {
    if (!(error instanceof BinarySecretError)) throw error;
    return [{ what: 'the value', reason: 'it is SecretBinary' }];
  }
}

/** A value that several versions hold is told once: more windows of it would tell more of it. */
class Gathered {
  readonly #scanKey: Buffer;
  readonly #values = new Map<string, FingerprintedValue>();
  readonly #leftOut = new Map<string, FingerprintedSecret['leftOut'][number]>();

  constructor(scanKey: Buffer) {
    this.#scanKey = scanKey;
  }

  add({ versionId, labels }: Version, { what, symbols, reason, state }: Found): void {
    const windows = symbols === undefined ? [] : windowsOf(symbols, this.#scanKey);
    if (symbols === undefined || windows.length === 0) {
      const why = reason ?? 'no window of it has 94 bits';
      const known = this.#leftOut.get(`${what}\0${why}`);
      if (known === undefined) {
        this.#leftOut.set(`${what}\0${why}`, { what, versionIds: [versionId], reason: why });
      } else if (!known.versionIds.includes(versionId)) known.versionIds.push(versionId);
      return;
    }
    const id = idOf(windows);
    const known = this.#values.get(id);
    const heldIn = { versionId, labels, ...(state !== undefined && { state }) };
    if (known === undefined) {
      this.#values.set(id, { what, form: symbols.form, versions: [heldIn], windows });
    } else if (!known.versions.some((each) => each.versionId === versionId)) {
      known.versions.push(heldIn);
    }
  }

  told(): Pick<FingerprintedSecret, 'values' | 'leftOut'> {
    return { values: [...this.#values.values()], leftOut: [...this.#leftOut.values()] };
  }
}

const idOf = (windows: readonly ScanWindow[]): string =>
  windows.map(({ fingerprint }) => fingerprint).join();

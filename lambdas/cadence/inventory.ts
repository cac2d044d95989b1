/**
 * Every secret of the manifest with its verdict. One ListSecrets call for a hundred tagged secrets gives labels,
 * function and rule; what it does not give (an adopted secret that is not tagged yet) is described one by one. Their
 * records are read consistently, some secrets at a time: the bound on a tick with many of them.
 */
import {
  isRotated,
  type Manifest,
  type RotatedManifestSecret,
  secretNames,
} from '../../domain/config/manifest.ts';
import { tagKeys } from '../../domain/config/names.ts';
import { decide, type SecretFacts, type Verdict } from '../../domain/policy/due.ts';
import { type Remark, remarksOf } from '../../domain/policy/remarks.ts';
import { type Stray, straysOf } from '../../domain/policy/strays.ts';
import { factsOf } from '../../doors/secret-facts.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import { inParallel } from '../rotation/in-parallel.ts';
import type { CadenceDoors } from './doors.ts';
import { guarded, resultOf, type SecretResult } from './result.ts';

/** Four reads each, side by side: what a DynamoDB client's 50 connections carry. */
export const secretsAtATime = 12;

export interface Judged {
  readonly secret: RotatedManifestSecret;
  readonly description: SecretDescription;
  readonly facts: SecretFacts;
  readonly verdict: Verdict;
  /** What needs a person besides its age. */
  readonly remarks: readonly Remark[];
}

export interface Inventory {
  readonly judged: readonly Judged[];
  readonly strays: readonly Stray[];
  /** What carries this deployment's tags, by name; up to five minutes old. */
  readonly listed: ReadonlyMap<string, SecretDescription>;
}

/** @param results gets what came of each secret so far; one that fails does not keep the others from their turn */
export async function takeInventory(
  doors: CadenceDoors,
  manifest: Manifest,
  results: Map<string, SecretResult>,
): Promise<Inventory> {
  const tagged = await doors.secretsManager.listTagged({
    [tagKeys.name]: manifest.name,
    [tagKeys.environment]: manifest.environment,
  });
  const listed = new Map(tagged.map((description) => [description.name, description]));
  const secrets = manifest.secrets.filter(isRotated);
  const judged = await inParallel(secrets, secretsAtATime, async (secret) => {
    let entry: Judged | undefined;
    await guarded(results, secret.name, 'unknown', async () => {
      const description =
        listed.get(secret.name) ?? (await doors.secretsManager.describe(secret.name));
      entry = await judge(doors, manifest, secret, description);
      return resultOf(entry, 'nothing');
    });
    return entry;
  });
  return {
    judged: judged.filter((entry) => entry !== undefined),
    strays: straysOf(tagged, secretNames(manifest), manifest.region),
    listed,
  };
}

export async function judge(
  doors: CadenceDoors,
  manifest: Pick<Manifest, 'schedule' | 'region'>,
  secret: RotatedManifestSecret,
  description: SecretDescription,
): Promise<Judged> {
  const facts = await factsOf(doors, secret, description, manifest);
  const verdict = decide(facts);
  return { secret, description, facts, verdict, remarks: remarksOf(facts, verdict) };
}

/** Fingerprints of one deployment, from the function that reads its values. */
import type { Manifest } from '../../domain/config/manifest.ts';
import {
  type FingerprintsAnswer,
  type FingerprintsQuestion,
  fingerprintsAnswerSchema,
  secretsAQuestion,
} from '../../domain/events/fingerprints.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { OpenDeployment } from '../command.ts';
import { FunctionAnswerError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { NoFingerprintsError } from './errors.ts';

/**
 * @param scanKey 64 hex digits
 * @param names of secrets, as a person names them; none: all
 * @throws NoFingerprintsError, UnknownSecretError, FunctionAnswerError, FunctionFailedError, AwsCallError
 */
export async function askFingerprints(
  { manifest, functions, caller }: Pick<OpenDeployment, 'manifest' | 'functions' | 'caller'>,
  scanKey: string,
  names: readonly string[],
): Promise<FingerprintsAnswer> {
  const functionName = manifest.emergency?.fingerprints;
  const deployment = nameOf(manifest);
  if (functionName === undefined) {
    throw new NoFingerprintsError(
      `${deployment} was deployed by a release that takes no fingerprints; expected this one. Deploy it again: npx cdk deploy.`,
    );
  }
  const keys =
    names.length === 0
      ? manifest.secrets.map(({ key }) => key)
      : names.map((name) => findSecret(manifest, name).key);
  const answer: FingerprintsAnswer = { version: 1, deployment, secrets: [] };
  for (let from = 0; from < keys.length; from += secretsAQuestion) {
    const question: FingerprintsQuestion = {
      operation: 'fingerprints',
      scanKey,
      secrets: keys.slice(from, from + secretsAQuestion),
      askedBy: caller.arn.slice(0, 256),
    };
    const told = readAs(fingerprintsAnswerSchema, await functions.invoke(functionName, question));
    if (!told.success) {
      throw new FunctionAnswerError(functionName, told.error.issues[0]?.path.join('.') ?? '');
    }
    // An answer about another deployment would make this one look clean.
    if (told.data.deployment !== deployment) {
      throw new FunctionAnswerError(functionName, 'deployment');
    }
    answer.secrets.push(...told.data.secrets);
  }
  return answer;
}

const nameOf = ({ name, environment }: Manifest): string => `${name}/${environment}`;

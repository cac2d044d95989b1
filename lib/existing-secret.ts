/** An existing secret, handed in as a construct, in the configuration's words: ARN, key and name. */
import {
  CfnSecret,
  CfnSecretTargetAttachment,
  type ISecret,
  Secret,
} from 'aws-cdk-lib/aws-secretsmanager';
import { Fn, Stack, Token } from 'aws-cdk-lib/core';
import type { ExistingSecretArns, ExistingSecretConstruct } from './secret-props.ts';

type Words = Partial<ExistingSecretArns>;

/**
 * What is no construct is handed back as it is.
 * @param problem told what a construct does not know, by the word it would be
 */
export function existingSecretWords(
  given: unknown,
  problem: (word: string, message: string) => void,
): unknown {
  const handed = asConstruct(given);
  if (handed === undefined) {
    return given;
  }
  const { secret, encryptionKey = secret.encryptionKey, secretName, ...unknown } = handed;
  const words: { -readonly [Word in keyof Words]: Words[Word] } = {};
  if (secret.secretFullArn === undefined) {
    problem(
      'secretArn',
      'found a secret imported by name or partial ARN; expected its full ARN: the last six characters tell it from another of that name (Secret.fromSecretAttributes with secretCompleteArn and encryptionKey)',
    );
  } else {
    words.secretArn = secret.secretFullArn;
  }
  if (encryptionKey === undefined) {
    problem(
      'kmsKeyArn',
      'found a secret whose key is not known; expected the customer managed key it is encrypted with: { secret, encryptionKey }, or Secret.fromSecretAttributes with encryptionKey',
    );
  } else {
    words.kmsKeyArn = encryptionKey.keyArn;
  }
  const name = secretName ?? nameOf(secret);
  if (name !== undefined) {
    words.secretName = name;
  }
  return { ...unknown, ...words };
}

function asConstruct(given: unknown): ExistingSecretConstruct | undefined {
  if (typeof given !== 'object' || given === null) {
    return undefined;
  }
  if (isSecret(given)) {
    return { secret: given };
  }
  return 'secret' in given && isSecret(given.secret)
    ? (given as ExistingSecretConstruct)
    : undefined;
}

/** By shape: an app may have its constructs from another copy of the CDK. */
const isSecret = (value: unknown): value is ISecret =>
  typeof value === 'object' && value !== null && 'secretArn' in value && 'node' in value;

/** Of a secret whose ARN is not known yet: the name its construct gives it. */
function nameOf(secret: Pick<ISecret, 'secretArn' | 'node'>): string | undefined {
  if (!Token.isUnresolved(secret.secretArn)) {
    return undefined;
  }
  const made = secret.node.defaultChild;
  // `secret.attach(database)`, and the secret of every RDS construct: the attachment has the secret's own ARN.
  if (made instanceof CfnSecretTargetAttachment) {
    return secret.node.scope instanceof Secret ? nameOf(secret.node.scope) : undefined;
  }
  if (!(made instanceof CfnSecret)) {
    return undefined;
  }
  // The CDK writes a name nobody gave as a token that becomes nothing.
  if (Stack.of(made).resolve(made.name) !== undefined) {
    return made.name;
  }
  // CloudFormation's own names are <logical id>-<random>, both without hyphens; the ARN ends with six more.
  const parts = Fn.split('-', Fn.select(6, Fn.split(':', secret.secretArn)), 3);
  return Fn.join('-', [Fn.select(0, parts), Fn.select(1, parts)]);
}

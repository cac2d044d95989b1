/**
 * May an existing secret be taken over where it stands? Every reason why not, each with the command that
 * resolves it; asked before anything is changed. Facts are DescribeSecret's, GetResourcePolicy's, and what the
 * deployment was told about the secret.
 */
import { currentVersion, rotationInProgress, type VersionIdsToStages } from './labels.ts';

export interface AdoptionFacts {
  /** What the deployment names. */
  readonly configured: {
    readonly secretArn: string;
    readonly kmsKeyArn?: string | undefined;
    /** `<name>/<environment>` */
    readonly deployment: string;
    /** The function that is to rotate it. */
    readonly functionArn: string;
  };
  readonly caller: { readonly account: string; readonly region: string };
  readonly describe: {
    readonly arn: string;
    readonly name: string;
    readonly rotationEnabled: boolean;
    readonly rotationLambdaArn?: string | undefined;
    readonly deletedDate?: Date | undefined;
    readonly kmsKeyId?: string | undefined;
    readonly owningService?: string | undefined;
    readonly primaryRegion?: string | undefined;
    readonly versionIdsToStages: VersionIdsToStages;
  };
  /** The deployment its tags name, as `<name>/<environment>`; absent: none. */
  readonly taggedFor?: string | undefined;
  /** JSON; absent: none. */
  readonly resourcePolicy?: string | undefined;
  /** When it was adopted before. */
  readonly adoptedAt?: string | undefined;
  /** What kind of value AWSCURRENT holds, as its function found it. */
  readonly value?: 'text' | 'binary' | 'missing' | 'uninitialised' | undefined;
}

export type AdoptionRefusalCode =
  | 'OTHER_ACCOUNT'
  | 'OTHER_REGION'
  | 'OTHER_SECRET'
  | 'ALREADY_ADOPTED'
  | 'SCHEDULED_FOR_DELETION'
  | 'OWNED_BY_SERVICE'
  | 'REPLICA'
  | 'OTHER_DEPLOYMENT'
  | 'ROTATED_BY_ANOTHER'
  | 'ROTATION_IN_PROGRESS'
  | 'NO_CUSTOMER_KEY'
  | 'OTHER_KEY'
  | 'RESOURCE_POLICY'
  | 'NO_CURRENT_VERSION'
  | 'BINARY_VALUE';

export interface AdoptionRefusal {
  readonly code: AdoptionRefusalCode;
  /** What was found, and what was expected. */
  readonly reason: string;
  /** Shell; one command, or several in order. */
  readonly command: string;
}

type Rule = (facts: AdoptionFacts) => AdoptionRefusal | undefined;

/** The first of these makes every other answer one about another secret. */
const identity: readonly Rule[] = [otherAccount, otherRegion, otherSecret];
const rules: readonly Rule[] = [
  alreadyAdopted,
  scheduledForDeletion,
  ownedByService,
  replica,
  otherDeployment,
  rotatedByAnother,
  rotationUnderWay,
  noCustomerKey,
  otherKey,
  foreignPolicy,
  noCurrentVersion,
  binaryValue,
];

/** All of them; none: it may be adopted. */
export function adoptionRefusals(facts: AdoptionFacts): AdoptionRefusal[] {
  const mistaken = identity.map((rule) => rule(facts)).find((refusal) => refusal !== undefined);
  return mistaken === undefined
    ? rules.map((rule) => rule(facts)).filter((refusal) => refusal !== undefined)
    : [mistaken];
}

const part = (arn: string, index: number) => arn.split(':')[index] ?? '';
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const aws = (operation: string, secret: string, more = '') =>
  `aws secretsmanager ${operation} --secret-id ${quoted(secret)}${more === '' ? '' : ` ${more}`}`;

function otherAccount({ configured, caller }: AdoptionFacts): AdoptionRefusal | undefined {
  const account = part(configured.secretArn, 4);
  if (account === caller.account) return undefined;
  return {
    code: 'OTHER_ACCOUNT',
    reason: `The secret is in account ${account}, your credentials are of ${caller.account}; expected both to be of one account: a function rotates secrets of its own.`,
    command: `AWS_PROFILE=<a profile of account ${account}> aws sts get-caller-identity`,
  };
}

function otherRegion({ configured, caller }: AdoptionFacts): AdoptionRefusal | undefined {
  const region = part(configured.secretArn, 3);
  if (region === caller.region) return undefined;
  return {
    code: 'OTHER_REGION',
    reason: `The secret is in ${region}, you are asking ${caller.region}; expected the region of the deployment.`,
    command: aws('describe-secret', configured.secretArn, `--region ${region}`),
  };
}

function otherSecret({ configured, describe }: AdoptionFacts): AdoptionRefusal | undefined {
  if (describe.arn === configured.secretArn) return undefined;
  return {
    code: 'OTHER_SECRET',
    reason: `${describe.name} is ${describe.arn}, the deployment was told ${configured.secretArn}: it was deleted and made again under its name. Put its ARN into \`adopt.secretArn\` and deploy.`,
    command: aws('describe-secret', describe.name, '--query ARN --output text'),
  };
}

function alreadyAdopted({ adoptedAt, describe }: AdoptionFacts): AdoptionRefusal | undefined {
  if (adoptedAt === undefined) return undefined;
  return {
    code: 'ALREADY_ADOPTED',
    reason: `${describe.name} was adopted at ${adoptedAt}.`,
    command: `quarterturn status ${quoted(describe.name)}`,
  };
}

function scheduledForDeletion({ describe }: AdoptionFacts): AdoptionRefusal | undefined {
  if (describe.deletedDate === undefined) return undefined;
  return {
    code: 'SCHEDULED_FOR_DELETION',
    reason: `It is scheduled for deletion since ${describe.deletedDate.toISOString()}; nobody can read it.`,
    command: aws('restore-secret', describe.arn),
  };
}

/** rotate-secrets_managed.html: the owning service rotates it, no Lambda function can. */
function ownedByService({ describe }: AdoptionFacts): AdoptionRefusal | undefined {
  const { owningService } = describe;
  if (owningService === undefined) return undefined;
  return {
    code: 'OWNED_BY_SERVICE',
    reason: `${owningService} owns it and rotates it itself; nobody else may. ${
      owningService === 'rds'
        ? 'It is the master user: name it as `admin` (or `bootstrap`) of a database secret, with the ARN and key this prints.'
        : 'Take it out of the configuration.'
    }`,
    command: aws('describe-secret', describe.arn, "--query '[ARN,KmsKeyId]' --output text"),
  };
}

function replica({ describe }: AdoptionFacts): AdoptionRefusal | undefined {
  const region = part(describe.arn, 3);
  const { primaryRegion } = describe;
  if (primaryRegion === undefined || primaryRegion === region) return undefined;
  return {
    code: 'REPLICA',
    reason: `It is a replica of the secret in ${primaryRegion}, and replicas are read-only. Deploy where the primary stands; or make the replica a secret of its own, which then gets no new value from there.`,
    command: aws('stop-replication-to-replica', describe.arn, `--region ${region}`),
  };
}

/** Two of them would each find the other's rotations and policy to be somebody's mistake. */
function otherDeployment({
  configured,
  describe,
  taggedFor,
}: AdoptionFacts): AdoptionRefusal | undefined {
  if (taggedFor === undefined || taggedFor === configured.deployment) return undefined;
  return {
    code: 'OTHER_DEPLOYMENT',
    reason: `Its tags say that ${taggedFor} keeps it; expected those of ${configured.deployment}, or none. Two deployments cannot rotate one secret: take it out of that one first (quarterturn eject --deployment ${taggedFor}), which removes them; if it is gone, remove them yourself.`,
    command: aws(
      'untag-resource',
      describe.arn,
      '--tag-keys quarterturn:name quarterturn:environment',
    ),
  };
}

function rotatedByAnother({ configured, describe }: AdoptionFacts): AdoptionRefusal | undefined {
  const { rotationEnabled, rotationLambdaArn } = describe;
  if (!rotationEnabled || rotationLambdaArn === configured.functionArn) return undefined;
  if (rotationLambdaArn === undefined) return undefined;
  return {
    code: 'ROTATED_BY_ANOTHER',
    reason: `${rotationLambdaArn} rotates it on a schedule; expected ${configured.functionArn}, or no rotation. Take the schedule out of the stack that made it first: that stack would switch ours off when it is deleted.`,
    command: aws('cancel-rotate-secret', describe.arn),
  };
}

/** While AWSPENDING stands elsewhere, every RotateSecret is refused (API_RotateSecret). */
function rotationUnderWay({ describe }: AdoptionFacts): AdoptionRefusal | undefined {
  const pending = rotationInProgress(describe.versionIdsToStages);
  if (pending === undefined) return undefined;
  return {
    code: 'ROTATION_IN_PROGRESS',
    reason: `Version ${pending} carries AWSPENDING: a rotation is in progress, or one ended halfway. Find out whether its value is in use before you remove the label.`,
    command: aws(
      'update-secret-version-stage',
      describe.arn,
      `--version-stage AWSPENDING --remove-from-version-id ${pending}`,
    ),
  };
}

const isAwsManaged = (keyId: string | undefined) =>
  keyId === undefined || /(^|:)alias\/aws\/secretsmanager$/.test(keyId);

function noCustomerKey({ configured, describe }: AdoptionFacts): AdoptionRefusal | undefined {
  if (!isAwsManaged(describe.kmsKeyId)) return undefined;
  return {
    code: 'NO_CUSTOMER_KEY',
    reason:
      'It is encrypted with aws/secretsmanager, whose policy lets everybody in the account use it; expected a customer managed key.',
    command: useKey(describe.arn, configured.kmsKeyArn),
  };
}

function otherKey({ configured, describe }: AdoptionFacts): AdoptionRefusal | undefined {
  const { kmsKeyId } = describe;
  const { kmsKeyArn } = configured;
  if (isAwsManaged(kmsKeyId) || kmsKeyArn === undefined) return undefined;
  const id = kmsKeyArn.split('/').at(-1);
  if (kmsKeyId === kmsKeyArn || kmsKeyId === id) return undefined;
  return {
    code: 'OTHER_KEY',
    reason: `It is encrypted with ${kmsKeyId}, the deployment was told ${kmsKeyArn}: its function could not read it. Put the right key into \`adopt.kmsKeyArn\` and deploy, or let the secret use the configured one${
      kmsKeyId?.includes('alias/') ? ' (an alias may point to it, which nobody can see here)' : ''
    }.`,
    command: useKey(describe.arn, kmsKeyArn),
  };
}

/** "If you change the KMS key, Secrets Manager re-encrypts AWSCURRENT, AWSPENDING, and AWSPREVIOUS" (API_UpdateSecret). */
const useKey = (secretArn: string, kmsKeyArn: string | undefined) =>
  aws('update-secret', secretArn, `--kms-key-id ${quoted(kmsKeyArn ?? '<ARN of the key>')}`);

/** Armed, it gets one of ours, and a secret has one policy: the other one would be gone. */
function foreignPolicy({ describe, resourcePolicy }: AdoptionFacts): AdoptionRefusal | undefined {
  if (resourcePolicy === undefined || isOurs(resourcePolicy)) return undefined;
  const file = `${describe.name.replaceAll(/[^A-Za-z0-9]+/g, '-')}-policy.json`;
  return {
    code: 'RESOURCE_POLICY',
    reason:
      'It has a resource policy, which would be overwritten when it is armed. Keep a copy, move what it grants to the policies of those it grants it to, then remove it.',
    command: `${aws('get-resource-policy', describe.arn, `--query ResourcePolicy --output text > ${file}`)} && ${aws('delete-resource-policy', describe.arn)}`,
  };
}

/** The statement that `lib/managed-secret.ts` writes, alone. */
function isOurs(policy: string): boolean {
  try {
    const { Statement } = JSON.parse(policy) as { Statement?: { Sid?: unknown }[] };
    return Array.isArray(Statement) && Statement.length === 1 && Statement[0]?.Sid === ourSid;
  } catch {
    return false;
  }
}
const ourSid = 'OnlyRotationWrites';

function noCurrentVersion({ describe, value }: AdoptionFacts): AdoptionRefusal | undefined {
  const current = currentVersion(describe.versionIdsToStages);
  if (current !== undefined || describe.deletedDate !== undefined) return undefined;
  const [other] = Object.keys(describe.versionIdsToStages);
  return {
    code: 'NO_CURRENT_VERSION',
    reason: `No version of it carries AWSCURRENT${value === undefined ? '' : `, so there is no value to take over`}.`,
    command:
      other === undefined
        ? aws('put-secret-value', describe.arn, '--secret-string file://value.txt')
        : aws(
            'update-secret-version-stage',
            describe.arn,
            `--version-stage AWSCURRENT --move-to-version-id ${other}`,
          ),
  };
}

function binaryValue({ describe, value }: AdoptionFacts): AdoptionRefusal | undefined {
  if (value !== 'binary') return undefined;
  return {
    code: 'BINARY_VALUE',
    reason:
      'Its value is SecretBinary; expected SecretString. Store the same key as text, in the configured encoding, once every reader takes it from there.',
    command: aws('put-secret-value', describe.arn, '--secret-string file://value.txt'),
  };
}

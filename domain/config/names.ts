/**
 * Every name that two parts must agree on: what the deployment creates, the functions look up and the
 * CLI prints. Nothing else spells one of these; date labels stand in `domain/policy/labels.ts`.
 */

/** One environment of one product: the scope of every name. */
export interface Scope {
  name: string;
  environment: string;
}

/**
 * What a secret holds between its deployment and its first rotation. A constant, so that no change of
 * the template ever makes CloudFormation write a value (it regenerates GenerateSecretString).
 */
export const uninitialisedMarker = '{"quarterturn":"uninitialised"}';

export const tagKeys = {
  name: 'quarterturn:name',
  kind: 'quarterturn:kind',
  environment: 'quarterturn:environment',
  cadenceDays: 'quarterturn:cadence-days',
} as const;

/** Keeps a version that a cancelled rotation left behind, while its target may still accept it. */
export const pinLabel = 'quarterturn-pin';

export const stackName = (scope: Scope): string => `Quarterturn-${scope.name}-${scope.environment}`;

export const secretName = (scope: Scope, key: string): string =>
  `${scope.name}/${scope.environment}/${key}`;

/** Where the owners of a user-managed secret put its next value. No key of a secret holds a slash. */
export const inboxName = (scope: Scope, key: string): string => `${secretName(scope, key)}/inbox`;

/** A function, by the secret it rotates or by its own room (`cadence`, `starter`, `after-rotation`). */
export const functionName = (scope: Scope, part: string): string =>
  `quarterturn-${scope.name}-${scope.environment}-${part}`;

export const afterRotationMachineName = (scope: Scope): string =>
  functionName(scope, 'after-rotation');

export const readerPolicyName = (scope: Scope, consumer: string): string =>
  functionName(scope, `reader-${consumer}`);

export const inboxPolicyName = (scope: Scope, key: string): string =>
  functionName(scope, `inbox-${key}`);

export const breakGlassPolicyName = (scope: Scope): string => functionName(scope, 'break-glass');

export const operatorPolicyName = (scope: Scope): string => functionName(scope, 'operator');

/** The operator: one for the databases of each network, one for those outside of every VPC. */
export const operatorFunctionName = (scope: Scope, network?: string): string =>
  functionName(scope, network === undefined ? 'operator' : `operator-${network}`);

/** The function that restores a row from escrow alone, by the encryption secret it is for. */
export const drillFunctionName = (scope: Scope, key: string): string =>
  functionName(scope, `drill-${key}`);

/** Works off the rows of one encryption secret, and answers for its job. Short: a function's name ends at 64. */
export const reencryptionFunctionName = (scope: Scope, key: string): string =>
  functionName(scope, `rows-${key}`);

export const reencryptionMachineName = (scope: Scope): string =>
  functionName(scope, 'reencryption');

/** Gets one consumer to a new value. */
export const rolloutMachineName = (scope: Scope): string => functionName(scope, 'rollout');

/** Restarts consumers, and looks whether they are steady. No secret's function is called that. */
export const rolloutFunctionName = (scope: Scope): string => functionName(scope, 'roll-out');

/** Looks at what is deployed of consumers, for on-call. No secret's function is called that. */
export const postureFunctionName = (scope: Scope): string => functionName(scope, 'check-posture');

/** Asks consumers whether they are well: one for the private hosts of each network, one outside of every VPC. Short, too. */
export const healthFunctionName = (scope: Scope, network?: string): string =>
  functionName(scope, network === undefined ? 'ask-health' : `health-${network}`);

/** Copies values to where the configuration says. No secret's function is called that. */
export const syncFunctionName = (scope: Scope): string => functionName(scope, 'sync-copies');

/** Goes from an exposure to its report. */
export const emergencyMachineName = (scope: Scope): string => functionName(scope, 'emergency');

/** Every task of it. No secret's function is called that: their keys have no hyphen. */
export const emergencyFunctionName = (scope: Scope): string => functionName(scope, 'in-emergency');

/** Reads in CloudTrail who read the secrets. */
export const accessAuditFunctionName = (scope: Scope): string =>
  functionName(scope, 'audit-access');

/** In Glue, for the table over a trail's files. Athena's names take no hyphen (Athena user guide, "Name databases"). */
export const accessAuditDatabaseName = (scope: Scope): string =>
  functionName(scope, 'trail').replaceAll('-', '_');

/** Hands out keyed fingerprints of values, for `quarterturn scan`. */
export const fingerprintsFunctionName = (scope: Scope): string =>
  functionName(scope, 'take-fingerprints');

/** What starts an emergency: a policy, and a role with it where the configuration says who may assume it. */
export const emergencyPolicyName = (scope: Scope): string =>
  functionName(scope, 'emergency-policy');
export const emergencyRoleName = (scope: Scope): string => functionName(scope, 'emergency-role');

/** The bus that triggers come on: its policy names who may put which. */
export const triggerBusName = (scope: Scope): string => functionName(scope, 'triggers');

/** No secret's function is called that: their keys have no hyphen. */
export const triggerFunctionName = (scope: Scope): string => functionName(scope, 'on-trigger');

export const gitHubFunctionName = (scope: Scope): string => functionName(scope, 'on-github-alert');

/** What a pipeline needs for `quarterturn gate`. */
export const gatePolicyName = (scope: Scope): string => functionName(scope, 'gate-policy');

/** Reads when the certificates of a deployment end. No secret's function is called that. */
export const certificatesFunctionName = (scope: Scope): string =>
  functionName(scope, 'check-certificates');

/** Audit events, kept for years. */
export const auditLogGroupName = (scope: Scope): string =>
  `/quarterturn/${scope.name}/${scope.environment}/audit`;

/** What an audience is told in words, and for on-call the alarms. */
export const alarmTopicName = (
  scope: Scope,
  audience: 'on-call' | 'security' | 'support' | 'product',
): string => functionName(scope, audience);

/** The same, in the form that a chat channel shows. */
export const chatTopicName = (...of: Parameters<typeof alarmTopicName>): string =>
  `${alarmTopicName(...of)}-chat`;

/** Alarms, by what they watch (`step-failed-jwt`). */
export const alarmName = (scope: Scope, what: string): string => functionName(scope, what);

/** What was to be delivered and was not: events, and invocations that failed for good. */
export const deadLetterQueueName = (scope: Scope): string => functionName(scope, 'dead-letters');

export const metricNamespace = 'Quarterturn';

/** By these an alarm finds a metric: exactly, all of them. */
export const metricDimensions = { deployment: 'Deployment', secret: 'Secret' } as const;

export const deploymentDimension = ({ name, environment }: Scope): string =>
  `${name}/${environment}`;

export const metricNames = {
  /** 1 for every tick of the cadence that came to its end. */
  heartbeat: 'Heartbeat',
  /** Secrets that need a person, of one tick. */
  findings: 'Findings',
  materialAgeDays: 'MaterialAgeDays',
  daysToLimit: 'DaysToLimit',
  /** 1 when every row was looked at and something is left that nobody vouched for; 0 when it is proven. */
  reencryptionUnproven: 'ReencryptionUnproven',
  /** Re-encryptions that stopped, have not moved for an hour, or are paused for 24, of one tick. */
  reencryptionStalled: 'ReencryptionStalled',
  /** 1 for every look of the watch that saw every secret. */
  watchHeartbeat: 'WatchHeartbeat',
  /** Secrets whose rotation failed, or does not end, before AWSCURRENT moved; of one look. */
  rotationsStuck: 'RotationsStuck',
  /** Secrets whose AWSCURRENT no rotation made, of one look. */
  unmanagedWrites: 'UnmanagedWrites',
  /** Database secrets with a stuck rotation whose AWSCURRENT does not log in, or where nobody could ask; of one look. */
  loginsLost: 'LoginsLost',
  /** Database secrets whose AWSCURRENT was set again in the server, of one look. */
  loginsRestored: 'LoginsRestored',
  /** Days until the first of the certificates ends; absent while the end of one is not known. */
  certificateDaysLeft: 'CertificateDaysLeft',
  /** Seconds from createSecret to the end of the AfterRotation: until the new value is in use everywhere. */
  timeToRotate: 'TimeToRotateSeconds',
} as const;

export const controlTableName = (scope: Scope): string =>
  `quarterturn-${scope.name}-${scope.environment}`;

/** Below it in Parameter Store lie the manifests of every deployment of account and region. */
export const manifestRoot = '/quarterturn';

/** Part 1 has the plain name; a manifest too large for one parameter goes on in `…/manifest/2`. */
export const manifestParameterName = (scope: Scope, part = 1): string =>
  `${manifestRoot}/${scope.name}/${scope.environment}/manifest${part === 1 ? '' : `/${part}`}`;

/** The name of a secret from its full ARN, without the six characters Secrets Manager appends. */
export function secretNameOfArn(arn: string): string {
  const match = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:(.+)-[A-Za-z0-9]{6}$/.exec(
    arn,
  );
  if (match?.[1] === undefined) {
    throw new InvalidSecretArnError(
      `"${arn}" is not the full ARN of a secret (arn:aws:secretsmanager:<region>:<account>:secret:<name>-<six characters>); copy it from \`aws secretsmanager describe-secret\``,
    );
  }
  return match[1];
}

/**
 * Is this the full ARN of the secret with that name, in the partition, region and account of `neighbour`
 * (any ARN of the deployment)? Who may send an event must not be able to point a function elsewhere.
 */
export function isSecretOf(arn: string, name: string, neighbour: string): boolean {
  const [, partition, , region, account] = neighbour.split(':');
  const start = `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-`;
  return arn.startsWith(start) && /^[A-Za-z0-9]{6}$/.test(arn.slice(start.length));
}

export class InvalidSecretArnError extends Error {
  override readonly name = 'InvalidSecretArnError';
  readonly code = 'ERR_ROTATION_SECRET_ARN_INVALID';
}

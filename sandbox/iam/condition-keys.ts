/**
 * The condition keys that the sandbox can answer for. A key that no check supplies would make a
 * condition silently false (or, negated, silently true), so a policy that uses one is not loaded.
 */
const GLOBAL = [
  'aws:CalledVia',
  'aws:CurrentTime',
  'aws:EpochTime',
  'aws:MultiFactorAuthAge',
  'aws:MultiFactorAuthPresent',
  'aws:PrincipalAccount',
  'aws:PrincipalArn',
  'aws:PrincipalIsAWSService',
  'aws:PrincipalServiceName',
  'aws:PrincipalType',
  'aws:RequestedRegion',
  'aws:SecureTransport',
  'aws:SourceAccount',
  'aws:SourceArn',
  'aws:TagKeys',
  'aws:TokenIssueTime',
  'aws:ViaAWSService',
  'aws:username',
];

/** Supplied by the checks of the service itself; a name ending in "*" stands for a family. */
const OF_SERVICES = [
  'application-autoscaling:scalable-dimension',
  'application-autoscaling:service-namespace',
  'dynamodb:Attributes',
  'dynamodb:LeadingKeys',
  'dynamodb:ReturnValues',
  'dynamodb:Select',
  'ecs:cluster',
  'events:detail-type',
  'events:source',
  'kms:CallerAccount',
  'kms:EncryptionContext:*',
  'kms:EncryptionContextKeys',
  'kms:ViaService',
  'lambda:FunctionArn',
  'lambda:FunctionUrlAuthType',
  'lambda:InvokedViaFunctionUrl',
  's3:VersionId',
  's3:if-none-match',
  's3:prefix',
  's3:x-amz-server-side-encryption',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
  'secretsmanager:BlockPublicPolicy',
  'secretsmanager:ModifyRotationRules',
  'secretsmanager:Name',
  'secretsmanager:RotateImmediately',
  'secretsmanager:RotationLambdaARN',
  'secretsmanager:SecretId',
  'secretsmanager:VersionId',
  'secretsmanager:VersionStage',
  'secretsmanager:resource/AllowRotationLambdaArn',
];

/** Of several values at once (service authorization reference: ArrayOfString). */
const MULTIVALUED = new Set(
  [
    ...['aws:CalledVia', 'aws:TagKeys', 'dynamodb:Attributes', 'dynamodb:LeadingKeys'],
    'kms:EncryptionContextKeys',
  ].map((key) => key.toLowerCase()),
);

export const isMultivalued = (key: string): boolean => MULTIVALUED.has(key.toLowerCase());

const KNOWN = [...GLOBAL, ...OF_SERVICES].map((key) => key.toLowerCase());

export function isKnownConditionKey(key: string): boolean {
  const wanted = key.toLowerCase();
  return KNOWN.some((known) =>
    known.endsWith('*') ? wanted.startsWith(known.slice(0, -1)) : wanted === known,
  );
}

/**
 * What to do about an error of AWS: its own messages say what is wrong, and to whom it happened at three
 * in the morning not what helps (API references of Secrets Manager, DynamoDB and KMS, "Errors").
 */
const advice: readonly [code: RegExp, message: RegExp, advice: string][] = [
  [
    /^(DecryptionFailure|EncryptionFailure|KMS.*|DisabledException)$/,
    /(?:)/,
    "enable the key of the secret, or cancel its deletion; the function's role needs the key, too",
  ],
  [
    /^InvalidRequestException$/,
    /marked for deletion|scheduled for deletion/,
    'take it back with `aws secretsmanager restore-secret`, or remove it from the deployment',
  ],
  [
    /^LimitExceededException$/,
    /version/,
    'wait until versions are 24 hours old, then Secrets Manager drops those without a label; find out who writes so often',
  ],
  [
    /^(AccessDenied(Exception)?|UnauthorizedOperation)$/,
    /(?:)/,
    'deploy the stack again, or look who changed the role, the resource policy or the key policy',
  ],
  [
    /^(ThrottlingException|Throttling|TooManyRequestsException|ProvisionedThroughputExceededException|InternalServiceError|InternalFailure|ServiceUnavailable)$/,
    /(?:)/,
    'the service is busy; it is tried again',
  ],
];

/** Empty when there is nothing to add. */
export function adviceFor(awsCode: string, message: string): string {
  const found = advice.find(([code, text]) => code.test(awsCode) && text.test(message));
  return found === undefined ? '' : found[2];
}

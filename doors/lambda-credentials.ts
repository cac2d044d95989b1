/**
 * Stands in for the SDK's chain of credential providers in the bundles (scripts/build.ts).
 *
 * Lambda gives a function its role's credentials as environment variables, and replaces the environment
 * before they expire (Lambda guide, "Defined runtime environment variables"). What else the chain would
 * try, profiles on disk, single sign-on, a metadata service, is 100 KB of code that a function of ours
 * must not follow: whoever could write such a file could make it act for somebody else.
 */
export interface LambdaCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export class NoCredentialsError extends Error {
  override readonly name = 'NoCredentialsError';
  readonly code = 'ERR_ROTATION_NO_CREDENTIALS';
  constructor() {
    super(
      'The environment holds no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; expected those of the function’s role, which Lambda sets. Run the bundle in Lambda, or in the sandbox.',
    );
  }
}

/** The name and shape of the export of @aws-sdk/credential-provider-node that SDK clients import. */
export function defaultProvider(): () => Promise<LambdaCredentials> {
  return async () => {
    const {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    } = process.env;
    if (!accessKeyId || !secretAccessKey) {
      throw new NoCredentialsError();
    }
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  };
}

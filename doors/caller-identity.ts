/** The door to STS: as whom, in which account and region do the shell's credentials call? */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { AwsCallError, clientDefaults } from './aws-call.ts';

export interface CallerIdentity {
  arn: string;
  /** Twelve digits. */
  account: string;
  region: string;
}

export interface CallerIdentityDoor {
  /**
   * Needs no permission (STS API reference, GetCallerIdentity).
   * @throws NoRegionError, NoCredentialsError, EndpointUnreachableError, AwsCallError
   */
  get(): Promise<CallerIdentity>;
}

export class NoRegionError extends Error {
  override readonly name = 'NoRegionError';
  readonly code = 'ERR_ROTATION_NO_REGION';
  constructor() {
    super(
      'No AWS region is set; expected --region, AWS_REGION, or `region` in the profile of ~/.aws/config.',
    );
  }
}

export class NoCredentialsError extends Error {
  override readonly name = 'NoCredentialsError';
  readonly code = 'ERR_ROTATION_NO_CREDENTIALS';
  constructor(detail: string) {
    super(
      `No AWS credentials were found (${detail}); expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a session of \`aws sso login\`. The key of on-call is enough: no command reads a value.`,
    );
  }
}

export class EndpointUnreachableError extends Error {
  override readonly name = 'EndpointUnreachableError';
  readonly code = 'ERR_ROTATION_ENDPOINT_UNREACHABLE';
  constructor(reason: string) {
    super(
      `STS did not answer (${reason}); expected it to say who is calling. Check the network, HTTPS_PROXY and AWS_ENDPOINT_URL; a sandbox that was stopped answers no more.`,
    );
  }
}

export function callerIdentity(region?: string, client = stsClient(region)): CallerIdentityDoor {
  return {
    async get() {
      const resolvedRegion = await client.config.region().catch(() => {
        throw new NoRegionError();
      });
      await client.config.credentials().catch((error: { name?: string }) => {
        // The message may quote lines of a profile; the class of the error says enough.
        throw new NoCredentialsError(error.name ?? 'no provider answered');
      });
      try {
        const { Arn, Account } = await client.send(new GetCallerIdentityCommand({}));
        return { arn: Arn ?? '', account: Account ?? '', region: resolvedRegion };
      } catch (error) {
        const { name, code, message, $metadata } = error as {
          name?: string;
          code?: string;
          message?: string;
          $metadata?: { httpStatusCode?: number };
        };
        if ($metadata?.httpStatusCode === undefined) {
          throw new EndpointUnreachableError(code ?? name ?? 'no answer');
        }
        throw new AwsCallError('GetCallerIdentity', name ?? 'Unknown', message ?? 'no message');
      }
    },
  };
}

function stsClient(region: string | undefined): STSClient {
  return new STSClient({ ...clientDefaults, ...(region !== undefined && { region }) });
}

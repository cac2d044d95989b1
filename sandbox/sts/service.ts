/**
 * AWS STS: who am I, the session of a role, and a session of a user that showed an MFA device.
 *
 * Every user has a virtual MFA device, `arn:aws:iam::<account>:mfa/<user>`, that shows one code for ever.
 */
import { createHash } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { CredentialStore } from '../credentials.ts';
import type { Iam } from '../iam/iam.ts';
import { type AwsService, type Caller, ServiceException, type Session } from '../service.ts';

export interface StsSettings {
  account: string;
  clock: SandboxClock;
  credentials: CredentialStore;
  iam: Pick<Iam, 'role' | 'callerOfRole'>;
}

type Input = Record<string, unknown>;

/** What the device shows. */
export const mfaCode = '123456';

export class StsService implements AwsService {
  readonly signingName = 'sts';
  readonly protocol = 'query';
  readonly operations: AwsService['operations'];
  readonly #settings: StsSettings;

  constructor(settings: StsSettings) {
    this.#settings = settings;
    this.operations = {
      GetCallerIdentity: {
        // It needs no permission (STS API reference, GetCallerIdentity).
        authorize: () => [],
        run: async (_, caller: Caller) => ({
          Arn: caller.arn,
          UserId: idOf(caller),
          Account: settings.account,
        }),
      },
      // "No permissions are required for users to perform this operation" (API_GetSessionToken).
      GetSessionToken: {
        authorize: () => [],
        run: async (input, caller) => this.#userSession(input, caller),
      },
      AssumeRole: {
        authorize: (input, caller) => {
          const { arn, trust } = this.#roleIn(input);
          const mfa = mfaIn(input, caller, settings.account);
          return [
            {
              action: 'sts:AssumeRole',
              resource: arn,
              resourcePolicy: trust,
              resourcePolicyRequired: true,
              ...(mfa && {
                context: { 'aws:MultiFactorAuthPresent': 'true', 'aws:MultiFactorAuthAge': '0' },
              }),
            },
          ];
        },
        run: async (input, caller) => this.#roleSession(input, caller),
      },
    };
  }

  #userSession(input: Input, caller: Caller): object {
    const { account, credentials } = this.#settings;
    if (caller.kind !== 'user' || caller.session !== undefined) {
      throw new ServiceException(
        'AccessDenied',
        'Cannot call GetSessionToken with session credentials',
        403,
      );
    }
    const session = this.#session(input, 43_200, [900, 129_600], mfaIn(input, caller, account));
    return { Credentials: wire(credentials.issue({ ...caller, session }), session) };
  }

  #roleSession(input: Input, caller: Caller): object {
    const { account, credentials, iam } = this.#settings;
    const { arn } = this.#roleIn(input);
    const name = String(input.RoleSessionName ?? '');
    if (!/^[\w+=,.@-]{2,64}$/.test(name)) throw invalid('roleSessionName', name);
    const isChained = caller.session !== undefined && caller.kind === 'role';
    const mfa = mfaIn(input, caller, account);
    const session = this.#session(input, 3600, [900, isChained ? 3600 : 43_200], mfa);
    const assumed = { ...iam.callerOfRole(arn, name), session };
    return {
      Credentials: wire(credentials.issue(assumed), session),
      AssumedRoleUser: { AssumedRoleId: idOf(assumed), Arn: assumed.arn },
    };
  }

  #session(
    input: Input,
    usual: number,
    [least, most]: readonly [number, number],
    mfa: boolean,
  ): Required<Pick<Session, 'issuedAt' | 'expiresAt'>> & Session {
    const seconds = Number(input.DurationSeconds ?? usual);
    if (!(Number.isInteger(seconds) && seconds >= least && seconds <= most)) {
      throw invalid('durationSeconds', String(input.DurationSeconds));
    }
    const issuedAt = this.#settings.clock.now();
    return {
      issuedAt,
      expiresAt: new Date(issuedAt.getTime() + seconds * 1000),
      ...(mfa && { mfaAt: issuedAt }),
    };
  }

  #roleIn(input: Input): ReturnType<Iam['role']> {
    const narrowing = Object.keys(input).find((member) =>
      /^(Policy|PolicyArns|Tags|ExternalId)\b/.test(member),
    );
    if (narrowing !== undefined) {
      throw new ServiceException(
        'NotSimulatedException',
        `The sandbox does not simulate ${narrowing} of AssumeRole.`,
        501,
      );
    }
    const wanted = String(input.RoleArn ?? '');
    const denied = () =>
      // A role that is not there is told like one that may not be assumed.
      new ServiceException(
        'AccessDenied',
        `Not authorized to perform: sts:AssumeRole on resource: ${wanted}`,
        403,
      );
    const name = wanted.split('/').at(-1) ?? '';
    try {
      const role = this.#settings.iam.role(name);
      if (role.arn === wanted) return role;
    } catch (error) {
      if (!(error instanceof ServiceException && error.code === 'NoSuchEntity')) throw error;
    }
    throw denied();
  }
}

/** Did the caller show its device? @throws ServiceException AccessDenied */
function mfaIn(
  { SerialNumber: serial, TokenCode: code }: Input,
  caller: Caller,
  account: string,
): boolean {
  if (serial === undefined && code === undefined) return false;
  const own = `arn:aws:iam::${account}:mfa/${caller.arn.split('/').at(-1)}`;
  if (caller.kind !== 'user' || serial !== own || code !== mfaCode) {
    throw new ServiceException(
      'AccessDenied',
      'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
      403,
    );
  }
  return true;
}

function idOf({ arn, kind }: Caller): string {
  const unique = createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase();
  const session = kind === 'role' ? `:${arn.split('/').at(-1)}` : '';
  return `${kind === 'role' ? 'AROA' : 'AIDA'}${unique}${session}`;
}

const wire = (
  { accessKeyId, secretAccessKey, sessionToken }: ReturnType<CredentialStore['issue']>,
  { expiresAt }: Required<Pick<Session, 'expiresAt'>>,
) => ({
  AccessKeyId: accessKeyId,
  SecretAccessKey: secretAccessKey,
  SessionToken: sessionToken,
  Expiration: expiresAt.toISOString(),
});

const invalid = (member: string, found: string): ServiceException =>
  new ServiceException(
    'ValidationError',
    `1 validation error detected: Value '${found}' at '${member}' failed to satisfy constraint`,
  );

/**
 * Who made a call, as CloudTrail writes it.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
import { createHash } from 'node:crypto';
import type { Caller } from '../service.ts';
import { eventTimeOf, type UserIdentity } from './record.ts';

/** ARN of the role behind a session, with its path; of a user, its own. */
export type IdentityArn = (caller: Caller) => string | undefined;

export function userIdentityOf(
  caller: Caller,
  /** When the session was first seen, for one that does not tell. */
  since: string,
  identityArn: IdentityArn,
): UserIdentity {
  const { kind, arn, request, session, via, service } = caller;
  if (kind === 'service') {
    return { type: 'AWSService', invokedBy: service ?? arn };
  }
  const accountId = arn.split(':')[4] ?? '';
  const used = {
    ...(request && { accessKeyId: request.accessKeyId }),
    ...(via !== undefined && { invokedBy: servicePrincipal(via) }),
  };
  if (kind === 'user') {
    const own = { principalId: uniqueId('AIDA', arn), arn, accountId };
    return { type: 'IAMUser', ...own, ...used, userName: lastOf(arn) };
  }
  const [, roleName = '', ...sessionName] = arn.split(':').slice(5).join(':').split('/');
  const roleArn = identityArn(caller) ?? `arn:aws:iam::${accountId}:role/${roleName}`;
  const role = uniqueId('AROA', roleArn);
  return {
    type: 'AssumedRole',
    principalId: `${role}:${sessionName.join('/')}`,
    arn,
    accountId,
    ...used,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: role,
        arn: roleArn,
        accountId,
        userName: roleName,
      },
      attributes: {
        creationDate: session?.issuedAt === undefined ? since : eventTimeOf(session.issuedAt),
        mfaAuthenticated: String(session?.mfaAt !== undefined),
      },
    },
  };
}

/** "secretsmanager.eu-west-1.amazonaws.com", as conditions name it, is "secretsmanager.amazonaws.com" here. */
export const servicePrincipal = (via: string): string =>
  via.replace(/^([a-z-]+)\.[a-z0-9-]+\.amazonaws\.com$/, '$1.amazonaws.com');

/** What LookupEvents calls the user: the user's name, or that of the session. */
export function userNameOf({ userName, principalId, type }: UserIdentity): string | undefined {
  return type === 'AssumedRole' ? principalId?.split(':').slice(1).join(':') : userName;
}

const lastOf = (arn: string) => arn.split('/').at(-1) ?? arn;

/** The same for the same principal, as IAM's unique ids are. */
const uniqueId = (prefix: string, arn: string): string =>
  prefix + createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase();

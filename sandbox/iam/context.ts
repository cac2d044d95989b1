/** What a request says to conditions (IAM user guide, "AWS global condition context keys"). */
import type { SandboxClock } from '../clock.ts';
import type { AccessCheck, Caller } from '../service.ts';
import type { Context } from './conditions.ts';
import { accountIn } from './identity.ts';

export interface Surroundings {
  account: string;
  region: string;
  clock: SandboxClock;
}

export function contextOf(
  { account, region, clock }: Surroundings,
  caller: Caller,
  identity: { arn: string; name: string } | undefined,
  check: AccessCheck,
): Context {
  const now = clock.now();
  const via = caller.via?.replace(/^([a-z0-9-]+)\.amazonaws\.com$/, `$1.${region}.amazonaws.com`);
  const service = caller.kind === 'service' ? (caller.service ?? caller.arn) : undefined;
  const isNamed = service === undefined && accountIn(caller, account) !== '';
  return contextFrom({
    // "Some services make requests on behalf of the principal": those of the chain (IAM user guide, aws:CalledVia).
    'aws:CalledVia': caller.calledVia,
    'aws:CurrentTime': now.toISOString(),
    'aws:EpochTime': String(Math.floor(now.getTime() / 1000)),
    // "Anonymous requests do not include this key" (aws:PrincipalAccount, aws:PrincipalArn).
    'aws:PrincipalAccount': isNamed ? accountIn(caller, account) : undefined,
    'aws:PrincipalArn': isNamed ? (identity?.arn ?? roleOf(caller.arn)) : undefined,
    'aws:PrincipalIsAWSService': String(service !== undefined),
    'aws:PrincipalServiceName': service,
    'aws:PrincipalType': service ? undefined : typeOf(caller, isNamed),
    'aws:RequestedRegion': caller.request?.region ?? region,
    // AWS's endpoints are reached by TLS; the loopback address stands for one of them.
    'aws:SecureTransport': 'true',
    'aws:SourceAccount': caller.sourceAccount,
    'aws:SourceArn': caller.sourceArn,
    'aws:ViaAWSService': String(via !== undefined),
    'aws:username': caller.kind === 'user' ? identity?.name : undefined,
    'kms:CallerAccount': account,
    'kms:ViaService': via,
    ...ofSession(caller, now),
    ...check.context,
  });
}

const typeOf = ({ kind }: Caller, isNamed: boolean): string =>
  isNamed ? (kind === 'role' ? 'AssumedRole' : 'User') : 'Anonymous';

/** Of a role of another account the path is not known: "the ARN of the role, not of the session". */
const roleOf = (arn: string): string =>
  arn.replace(/^(arn:[^:]+):sts:(.*):assumed-role\/([^/]+)\/.*$/, '$1:iam:$2:role/$3');

export const contextFrom = (
  values: Readonly<Record<string, string | readonly string[] | undefined>>,
): Context =>
  new Map(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined
        ? []
        : [[key.toLowerCase(), typeof value === 'string' ? [value] : value] as const],
    ),
  );

/** "Included in the request context only when the principal uses temporary credentials to make the request." */
function ofSession(caller: Caller, now: Date): Record<string, string> {
  const session = caller.session ?? (caller.kind === 'role' ? { issuedAt: now } : undefined);
  if (session === undefined) return {};
  const { issuedAt } = session;
  // "The temporary credentials returned by AssumeRole do not include MFA information in the context, so you cannot
  // check individual API operations for MFA" (IAM user guide, "Secure API access with MFA").
  const mfaAt = caller.kind === 'role' ? undefined : session.mfaAt;
  return {
    'aws:TokenIssueTime': issuedAt.toISOString(),
    'aws:MultiFactorAuthPresent': String(mfaAt !== undefined),
    ...(mfaAt && {
      'aws:MultiFactorAuthAge': String(Math.floor((now.getTime() - mfaAt.getTime()) / 1000)),
    }),
  };
}

/**
 * Sorts of access as CloudTrail tells them, and who was behind them. Everything in one was written by whoever called:
 * programs name themselves, sessions are named by who opens them.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */

/** `userIdentity` of a record, as far as it says who. */
export interface Identity {
  /** `AssumedRole`, `IAMUser`, `Root`, `FederatedUser`, `AWSAccount`, `AWSService`, … */
  readonly type: string;
  /** Of a role: of the session. Absent for callers of other accounts and for services. */
  readonly arn?: string | undefined;
  /** Whose credentials the session was made from: `sessionContext.sessionIssuer.arn`. */
  readonly issuer?: string | undefined;
  readonly principalId?: string | undefined;
  readonly account?: string | undefined;
  /** A service that called with the caller's rights, or of its own accord. */
  readonly invokedBy?: string | undefined;
}

/** One sort of access, and how often it was seen. */
export interface Sighting {
  /** `batch`: BatchGetSecretValue itself; it leaves a GetSecretValue for each secret besides. */
  readonly kind: 'read' | 'batch' | 'decrypt';
  readonly identity: Identity;
  /** As the caller wrote it: a name, an ARN, part of one; of a decryption the encryption context's `SecretARN`. */
  readonly secrets: readonly string[];
  /** Of a decryption. */
  readonly versionId?: string | undefined;
  /** Answered with an error of any sort. */
  readonly refused: boolean;
  readonly address: string;
  readonly userAgent: string;
  readonly region: string;
  readonly count: number;
  /** ISO 8601, UTC, to the second: they are compared as text. */
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface Principal {
  /** ARN of a role or user, name of a service, or what the record says instead. */
  readonly principal: string;
  readonly account?: string;
  /** Of a role's session: its name. */
  readonly session?: string;
}

/** `arn:aws:sts::111122223333:assumed-role/Name/session`; the path of the role is not in it. */
const assumed = /^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([^/]+)\/(.+)$/;
/** Of GetFederationToken: what the user called whoever got the session. */
const federated = /^arn:[a-z-]+:sts::\d{12}:federated-user\/(.+)$/;

/** To whom it is attributed: a session to its role, a call that a service made for somebody to that somebody. */
export function principalOf(identity: Identity): Principal {
  const { type, arn, issuer, principalId, invokedBy } = identity;
  const [, partition, account, role, ofRole] = assumed.exec(arn ?? '') ?? [];
  // Of a caller of another account only its ids are told: `AROA…:session`.
  const [id, ofForeign] = principalId?.split(':') ?? [];
  const session = ofRole ?? federated.exec(arn ?? '')?.[1] ?? (arn ? undefined : ofForeign);
  const found = (principal: string): Principal => ({
    principal: printable(principal, 2048),
    ...(isAccount(identity.account) && { account: identity.account }),
    ...(session !== undefined && { session: printable(session, 64) }),
  });
  if (issuer !== undefined && issuer !== '') return found(issuer);
  if (role !== undefined) return found(`arn:${partition}:iam::${account}:role/${role}`);
  if (arn !== undefined && arn !== '') return found(arn);
  if (type === 'AWSService' && invokedBy !== undefined) return found(invokedBy);
  const who = id ?? invokedBy ?? 'unknown';
  return found(
    isAccount(identity.account) ? `account ${identity.account}, ${who}` : `${type} ${who}`,
  );
}

const isAccount = (text: string | undefined): text is string => /^\d{12}$/.test(text ?? '');

/**
 * Two ways to write the ARN of one role or user: with its path and without, or of one of its sessions. Names are unique
 * in an account whatever the path (IAM user guide, "IAM identifiers").
 * @returns undefined for what is no such ARN
 */
export function identityKey(arn: string): string | undefined {
  const [, account, kind, rest] =
    /^arn:[a-z-]+:(?:iam|sts)::(\d{12}):(role|user|assumed-role|federated-user)\/(.+)$/.exec(arn) ??
    [];
  if (rest === undefined) return /^arn:[a-z-]+:iam::\d{12}:root$/.test(arn) ? arn : undefined;
  if (kind === 'assumed-role') return `${account} role ${rest.split('/')[0]}`;
  return `${account} ${kind} ${rest.split('/').at(-1)}`;
}

/** @param principal ARN of a role, a user or a session, or what `principalOf` says instead; absent: everybody */
export function isBy(principal: string | undefined): (identity: Identity) => boolean {
  if (principal === undefined) return () => true;
  const wanted = identityKey(principal) ?? principal;
  return (identity) => {
    const found = principalOf(identity).principal;
    return (identityKey(found) ?? found) === wanted;
  };
}

/** Text that somebody else chose: one line, without control characters and what turns the direction of writing, cut. */
export function printable(text: string, length: number): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu, '?');
  return clean.length <= length ? clean : `${clean.slice(0, length - 1)}…`;
}

/** What people are told of a secret, once for each version: the event first, then the record that it was told. */
import {
  auditEventSource,
  type UnmanagedWriteEvent,
  unmanagedWriteEventSchema,
} from '../../domain/events/audit-event.ts';
import type { ToldRecord } from '../../domain/events/control-records.ts';
import {
  type FailedNotice,
  failedNoticeSchema,
  type StartedNotice,
  startedNoticeSchema,
} from '../../domain/events/notices.ts';
import type { LoginAnswer } from '../../domain/events/operator-requests.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import { hadItsMoment } from '../../domain/policy/pending.ts';
import type { WatchDoors } from './doors.ts';
import type { Seen, UnderWay } from './look.ts';

/** Whoever died in between tells it again, under the same id. */
export async function tell(
  doors: WatchDoors,
  seen: Seen,
  login: LoginAnswer | undefined,
): Promise<void> {
  const { underWay, unmanaged } = seen;
  if (underWay !== undefined) {
    await once(doors, seen, 'started', underWay.versionId, (at) => started(seen, underWay, at));
    if (underWay.stuck) {
      await tellFailure(doors, seen, underWay, login);
    }
  }
  if (unmanaged !== undefined) {
    await tellUnmanaged(doors, seen, unmanaged);
  }
}

/** A rotation may fail more than once, and cost the login only then: whoever read that it works is told otherwise. */
async function tellFailure(
  doors: WatchDoors,
  seen: Seen,
  underWay: UnderWay,
  login: LoginAnswer | undefined,
): Promise<void> {
  const { versionId } = underWay;
  const isLost = login !== undefined && costly.has(login.outcome);
  const isFirst = await once(doors, seen, 'failed', versionId, (at) =>
    failed(seen, underWay, login, at),
  );
  if (!isLost) return;
  if (isFirst) {
    const at = doors.clock.now().toISOString();
    await doors.controlTable.putTold(seen.secret.name, { fact: 'loginLost', versionId, at });
  } else {
    await once(doors, seen, 'loginLost', versionId, (at) => ({
      ...failed(seen, underWay, login, at),
      id: derivedToken('login-lost', seen.secret.name, versionId),
    }));
  }
}

/** Logins failed, or do. A server that did not answer says nothing of that, and has its alarm. */
const costly: ReadonlySet<LoginAnswer['outcome']> = new Set([
  'pendingWorks',
  'restored',
  'pendingRestored',
  'lockedOut',
]);

/**
 * The starter tells it within seconds of the event. One that never came is caught up with here, on the second look.
 */
async function tellUnmanaged(doors: WatchDoors, seen: Seen, versionId: string): Promise<void> {
  const { controlTable, clock } = doors;
  const { name } = seen.secret;
  const first = await controlTable.getTold(name, 'unmanagedWriteSeen', versionId);
  if (first === undefined) {
    const at = clock.now().toISOString();
    await controlTable.putTold(name, { fact: 'unmanagedWriteSeen', versionId, at });
  } else if (hadItsMoment(first.at, clock.now())) {
    await once(doors, seen, 'unmanagedWrite', versionId, (at) => unmanaged(seen, versionId, at));
  }
}

/** @returns false: it was told before */
async function once(
  { controlTable, eventBus, clock }: WatchDoors,
  { secret, arn }: Seen,
  fact: ToldRecord['fact'],
  versionId: string,
  eventAt: (at: string) => StartedNotice | FailedNotice | UnmanagedWriteEvent,
): Promise<boolean> {
  if ((await controlTable.getTold(secret.name, fact, versionId)) !== undefined) {
    return false;
  }
  const at = clock.now().toISOString();
  const event = eventAt(at);
  await eventBus.put({
    source: auditEventSource,
    detailType: event.type,
    detail: event,
    resources: [arn],
  });
  await controlTable.putTold(secret.name, { fact, versionId, at });
  return true;
}

const every = <Type extends string>(type: Type, { secret, arn }: Seen, of: string, at: string) => ({
  type,
  version: 1 as const,
  id: derivedToken(type, secret.name, of),
  at,
  secret: { name: secret.name, arn },
});

function started(seen: Seen, underWay: UnderWay, at: string): StartedNotice {
  const { versionId, intent, attributed, requestedBy, reason, backstopProbably, firstValue } =
    underWay;
  return startedNoticeSchema.parse({
    ...every('credential-rotation-started', seen, versionId, at),
    kind: seen.secret.kind,
    versionId,
    intent,
    attributed,
    ...(requestedBy && { requestedBy }),
    ...(reason && { reason }),
    ...(backstopProbably !== undefined && { backstopProbably }),
    ...(firstValue && { firstValue }),
  });
}

function failed(
  seen: Seen,
  underWay: UnderWay,
  login: LoginAnswer | undefined,
  at: string,
): FailedNotice {
  const { versionId, intent, since, failure } = underWay;
  const answer = login && loginOf[login.outcome];
  return failedNoticeSchema.parse({
    ...every('credential-rotation-failed', seen, versionId, at),
    kind: seen.secret.kind,
    versionId,
    intent,
    since,
    ...(failure && { failure }),
    ...(answer && { login: answer }),
  });
}

/** Whoever reads AWSCURRENT is not let in by a pending value. Busy: the rotation that holds the secret is told itself. */
const loginOf: Record<LoginAnswer['outcome'], FailedNotice['login']> = {
  works: 'works',
  pendingWorks: 'pendingWorks',
  restored: 'restored',
  pendingRestored: 'pendingWorks',
  lockedOut: 'lockedOut',
  unknown: 'unknown',
  busy: undefined,
  noValue: undefined,
};

function unmanaged(seen: Seen, versionId: string, at: string): UnmanagedWriteEvent {
  return unmanagedWriteEventSchema.parse({
    ...every('unmanaged-secret-write', seen, versionId, at),
    versionId,
  });
}

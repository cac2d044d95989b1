/** What an event gives the texts to say: words, and what is so. */
import type { Announced } from '../../events/announced.ts';
import type { RotationAuditEvent } from '../../events/audit-event.ts';
import type { FailedNotice } from '../../events/notices.ts';
import type { CredentialTriggerEvent, TriggeredSecret } from '../../events/triggers.ts';
import { emergencyFacts } from './emergency-facts.ts';
import { type Background, isNotProven } from './news-of.ts';
import { inWords } from './time-in-words.ts';

export interface Facts {
  /** Absent or empty: nothing to say. */
  readonly words: Readonly<Record<string, string | undefined>>;
  /** Those that are so. */
  readonly flags: ReadonlySet<string>;
}

type Words = Facts['words'];
type Flags = Readonly<Record<string, boolean>>;

export function factsOf(event: Announced, background: Background): Facts {
  const { application, environment, timeZone, key } = background;
  const time = (instant: string | undefined) =>
    instant === undefined ? undefined : inWords(new Date(instant), timeZone);
  const [words, flags] = ownFacts(event, background, time);
  const common = {
    application,
    environment,
    ...aboutWhat(event, key),
    at: time(event.at),
  };
  const kind = 'kind' in event ? event.kind : kindsByType[event.type];
  const kinds = [...(background.kinds ?? []), ...(kind === undefined ? [] : [kind])];
  const so: Flags = { ...flags, ...Object.fromEntries(kinds.map((one) => [one, true])) };
  return {
    words: Object.fromEntries(
      Object.entries({ ...common, ...words }).map(([name, text]) => [name, oneLine(text)]),
    ),
    flags: new Set(Object.keys(so).filter((flag) => so[flag])),
  };
}

function aboutWhat(event: Announced, key: string): Words {
  if (event.type === 'credential-trigger') return named(event.secrets);
  if (event.type === 'credential-emergency') {
    return named(event.secrets.filter(({ exposed }) => exposed));
  }
  return 'secret' in event
    ? { secret: event.secret.name, key }
    : { secret: event.certificate.source, key: event.certificate.name };
}

const named = (secrets: readonly { readonly key: string; readonly name: string }[]): Words => ({
  secret: secrets.map(({ name }) => name).join(', ') || 'no secret',
  key: secrets.map(({ key }) => key).join(', ') || 'no secret',
});

const kindsByType: Partial<Record<Announced['type'], string>> = {
  'credential-reencryption': 'encryption',
  'credential-reminder': 'userManaged',
};

type Time = (instant: string | undefined) => string | undefined;

function ownFacts(event: Announced, background: Background, time: Time): [Words, Flags] {
  switch (event.type) {
    case 'credential-rotation-planned':
      return [
        {
          plannedAt: time(event.plannedAt),
          limitAt: time(event.limitAt),
          minutes: minutesExpected(event.kind, background),
        },
        { ...ofSecret(background), signsOut: event.logsEveryoneOut === true },
      ];
    case 'credential-rotation-started':
      return [
        {
          versionId: event.versionId,
          requestedBy: event.requestedBy,
          reason: event.reason,
          // A rollback publishes no key that has to be waited for.
          minutes: event.intent === 'rollback' ? '5' : minutesExpected(event.kind, background),
        },
        {
          ...ofSecret(background),
          rollback: event.intent === 'rollback',
          signsOut: background.signsOut || (event.kind === 'jwt' && event.intent === 'emergency'),
        },
      ];
    case 'credential-rotation-failed':
      return [failureWords(event, time), loginFlags(event)];
    case 'credential-secret-rotation':
      return [
        event.outcome === 'stopped' ? stoppedWords(event) : endedWords(event, time),
        {
          signsOut: event.logsEveryoneOut === true,
          attributed: event.rotations[0]?.triggeredBy.attributed === true,
          notProven: isNotProven(event),
        },
      ];
    case 'credential-reencryption':
      return [
        {
          targetKid: event.targetKid,
          columns: String(event.columns.length),
          rewritten: String(event.columns.reduce((sum, { rewritten }) => sum + rewritten, 0)),
          findings: event.findings.join('; '),
          job: event.job?.id,
        },
        { maintenance: event.mode === 'maintenance' },
      ];
    case 'credential-overdue':
      return [
        { rotatedAt: time(event.rotatedAt), limitAt: time(event.limitAt), reason: event.reason },
        {},
      ];
    case 'credential-reminder':
      return [
        {
          purpose: event.purpose,
          changedAt: time(event.changedAt),
          ageDays: String(event.ageDays),
          remindDays: String(event.remindDays),
        },
        {},
      ];
    case 'certificate-expiring':
      return [
        {
          certificate: event.certificate.name,
          notAfter: time(event.notAfter),
          daysLeft: event.daysLeft === undefined ? undefined : String(event.daysLeft),
          problem: event.problem,
        },
        { ended: event.notAfter !== undefined && new Date(event.notAfter) <= new Date(event.at) },
      ];
    case 'unmanaged-secret-write':
      return [{ versionId: event.versionId }, {}];
    case 'credential-trigger':
      return [triggerWords(event), { needsPerson: event.secrets.some(({ command }) => command) }];
    case 'credential-emergency':
      return emergencyFacts(event, background.kinds ?? [], time);
  }
}

/** Done: a rotation is under way, or nothing was due. Open: everything else. */
const settled: readonly string[] = ['rotating', 'emergency', 'following', 'notDue'];

function triggerWords(event: CredentialTriggerEvent): Words {
  const { trigger, by, requestId, person, reason, refusal, secrets } = event;
  const told = (which: readonly TriggeredSecret[]) =>
    which
      .map(({ key, state, versionId, emergency, message }) =>
        [
          key,
          versionId === undefined ? state : `${state} as ${versionId}`,
          state === 'emergency' ? emergency : undefined,
          message,
        ]
          .filter((part) => part !== undefined)
          .join(': '),
      )
      .join('; ');
  const from =
    { gitHub: 'GitHub', guardDuty: 'GuardDuty', bus: undefined, unknown: undefined }[by.source] ??
    `account ${by.account ?? 'unknown'}`;
  return {
    trigger,
    by: by.reportedBy === undefined ? from : `${from}, reported by ${by.reportedBy}`,
    requestId,
    person,
    reason,
    code: refusal?.code,
    message: refusal?.message,
    done: told(secrets.filter(({ state }) => settled.includes(state))),
    open: told(secrets.filter(({ state }) => !settled.includes(state))),
    commands: [...new Set(secrets.flatMap(({ command }) => command ?? []))].join('; '),
  };
}

const ofSecret = ({ maintenance }: Background): Flags => ({ maintenance });

/**
 * Secrets Manager and the settling of a pass take a few minutes; a keyset takes two passes with the readers'
 * cache between them. Unknown while rows move with everything stopped.
 */
function minutesExpected(
  kind: string,
  { maintenance, readerCacheSeconds }: Background,
): string | undefined {
  if (maintenance) return undefined;
  return String(kind === 'database' ? 5 : 10 + Math.ceil(readerCacheSeconds / 60));
}

function failureWords({ versionId, since, failure }: FailedNotice, time: Time): Words {
  return {
    versionId,
    since: time(since),
    step: failure?.step,
    code: failure?.code,
    message: failure?.message,
    failedAt: time(failure?.at),
    // An emergency is told in one line.
    reason: failure && `${failure.step}: ${failure.code}: ${failure.message}`,
  };
}

const loginFlags = ({ login }: FailedNotice): Flags => ({
  loginWorks: login === 'works',
  loginRestored: login === 'restored',
  loginPending: login === 'pendingWorks',
  lockedOut: login === 'lockedOut',
  loginUnknown: login === 'unknown',
});

const stoppedWords = (event: RotationAuditEvent): Words => ({
  versionId: event.versionId,
  reason: event.reason,
  execution: event.afterRotation.execution,
  rolledBackBy: event.rolledBackBy,
});

function endedWords(event: RotationAuditEvent, time: Time): Words {
  const { versionId, material, rotations, afterRotation, at } = event;
  const [first] = rotations;
  const startedAt = first?.at ?? at;
  const facts = [
    ...rotations.flatMap(({ evidence }) => evidence),
    ...(afterRotation.evidence ?? []),
  ];
  return {
    versionId,
    emergency: event.emergency,
    primary: material.primary,
    replaced: material.replaced,
    requestedBy: first?.triggeredBy.requestedBy,
    reason: first?.triggeredBy.reason,
    startedAt: time(startedAt),
    endedAt: time(afterRotation.endedAt),
    minutes: minutesBetween(startedAt, afterRotation.endedAt),
    evidence: [...new Set(facts.map(({ fact }) => fact))].join(', '),
  };
}

const minutesBetween = (from: string, to: string): string =>
  String(Math.max(1, Math.ceil((new Date(to).getTime() - new Date(from).getTime()) / 60_000)));

/** Whoever asks for a rotation writes its reason: it must not be able to write lines of the message. */
const oneLine = (text: string | undefined): string | undefined =>
  text?.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

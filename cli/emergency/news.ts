/** What a look shows, as happenings under names: each is told once. */
import type {
  EmergencyRecord,
  EmergencySecretRecord,
  StageRecord,
} from '../../domain/events/emergency.ts';
import { toldOfIncident } from '../../domain/reports/incident/evidence.ts';
import type { Happening } from './happening.ts';
import type { Look } from './look.ts';

type News = readonly [name: string, happening: Happening];
type SecretState = Extract<Happening, { kind: 'secret' }>['state'];

/** @param since what had failed before is tried again, and not told */
export function newsOf({ head, stages, secrets }: Look, since = ''): News[] {
  if (head === undefined) return [];
  const began = Date.parse(head.startedAt);
  const after = (at: string): number => Math.max(0, Date.parse(at) - began) / 1_000;
  const before = ({ state, endedAt }: StageRecord) =>
    state === 'failed' && (endedAt ?? '') <= since;
  const told = (exposed: boolean) =>
    secrets
      .filter((secret) => secret.exposed === exposed)
      .flatMap((secret) => secretNews(secret, secrets, head, { since, after }))
      .toSorted(([, a], [, b]) => afterOf(a) - afterOf(b));
  // One stage after the other, each with its secrets: what wrote the records has more than one clock.
  return stages.flatMap((stage) => {
    const within =
      stage.stage === 'protect' ? told(true) : stage.stage === 'protectOthers' ? told(false) : [];
    return before(stage) ? within : stageNews(stage, within, after);
  });
}

const afterOf = (happening: Happening): number => ('after' in happening ? happening.after : 0);

/** @param within what its secrets came to */
function stageNews(
  record: StageRecord,
  within: readonly News[],
  after: (at: string) => number,
): News[] {
  const { stage, state, startedAt, endedAt, reason } = record;
  // Begun again by another execution, it is told again.
  const name = `${stage} ${startedAt}`;
  const begun: News = [
    `${name} begun`,
    { kind: 'stage', stage, state: 'running', after: after(startedAt) },
  ];
  const facts = toldOfIncident(record.evidence).map(({ fact, detail, words }): News => {
    const at = endedAt ?? startedAt;
    return [
      `${name} ${fact} ${JSON.stringify(detail)}`,
      { kind: 'fact', stage, words, after: after(at) },
    ];
  });
  if (state === 'running') return [begun, ...within, ...facts];
  const ended = endedAt ?? startedAt;
  return [
    ...(state === 'skipped' ? [] : [begun]),
    ...within,
    ...facts,
    [
      `${name} ${state}`,
      {
        kind: 'stage',
        stage,
        state,
        after: after(ended),
        seconds: (Date.parse(ended) - Date.parse(startedAt)) / 1_000,
        ...(reason !== undefined && { reason }),
      },
    ],
  ];
}

function secretNews(
  record: EmergencySecretRecord,
  all: readonly EmergencySecretRecord[],
  { startedAt, endedAt }: EmergencyRecord,
  { since, after }: { since: string; after: (at: string) => number },
): News[] {
  const { key, exposed, attempts, askedAt, promotedAt, provenAt, preempted, state } = record;
  const stage = exposed ? 'protect' : 'protectOthers';
  const same = all.filter((one) => one.exposed === exposed);
  const news = (reached: SecretState, at: string, more: object = {}): News => [
    `${key} ${reached} ${attempts}`,
    { kind: 'secret', stage, key, state: reached, after: after(at), ...more },
  ];
  const counted = (at: string, of: 'promotedAt' | 'provenAt') => ({
    count: {
      reached: same.filter((one) => (one[of] ?? '~') <= at).length,
      of: same.filter((one) => one.state !== 'person').length,
    },
  });
  const ended = provenAt ?? promotedAt ?? askedAt ?? endedAt ?? startedAt;
  const triedAgain = state === 'failed' && ended <= since;
  return [
    ...(askedAt !== undefined && preempted !== undefined
      ? [news('preempted', askedAt, { reason: `rotation ${preempted} gave way` })]
      : []),
    ...(askedAt === undefined ? [] : [news('asked', askedAt)]),
    ...(promotedAt === undefined
      ? []
      : [news('promoted', promotedAt, counted(promotedAt, 'promotedAt'))]),
    ...(provenAt === undefined || state === 'checked'
      ? []
      : [news('proven', provenAt, counted(provenAt, 'provenAt'))]),
    ...((state === 'failed' && !triedAgain) || state === 'person' || state === 'checked'
      ? [news(state, ended, whyOf(record))]
      : []),
  ];
}

const whyOf = ({ reason, command }: EmergencySecretRecord) => ({
  ...(reason !== undefined && { reason }),
  ...(command !== undefined && { command }),
});

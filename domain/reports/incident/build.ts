/**
 * Facts → the report of an incident. The machine writes it in its stage `report`, before it is over: what comes after
 * (telling the others) is then told as under way. It may be made again at any time from the same records.
 */
import type {
  IncidentReport,
  IncidentSecret,
  IncidentStage,
} from '../../events/incident-report.ts';
import { reviewed } from '../deployment/contacts.ts';
import { alertsOf } from './alerts.ts';
import type { IncidentFacts } from './facts.ts';
import { overviewOf } from './overview.ts';
import { readersOf } from './readers.ts';
import { remainingOf } from './remaining.ts';
import { secretsOf } from './secrets.ts';
import { timelineOf } from './timeline.ts';
import { listed, second } from './words.ts';

/** What the report is worked out from, once facts are told. */
export interface Told {
  readonly facts: IncidentFacts;
  readonly secrets: readonly IncidentSecret[];
  readonly timeline: readonly IncidentStage[];
  readonly readers: IncidentReport['readers'];
  readonly outcome: IncidentReport['outcome'];
  readonly problems: readonly string[];
}

export function incidentReport(facts: IncidentFacts): IncidentReport {
  const { emergency, manifest, now } = facts;
  const { name, environment, region, contacts } = manifest;
  const secrets = secretsOf(facts);
  const timeline = timelineOf(facts.stages);
  const problems = problemsOf(facts, secrets, timeline);
  const outcome = outcomeOf(facts, secrets, timeline);
  const told = { facts, secrets, timeline, readers: readersOf(facts.audit), outcome, problems };
  return {
    type: 'quarterturn-incident',
    version: 1,
    at: now.toISOString(),
    deployment: { name, environment, region },
    emergency: emergency.id,
    title: titleOf(facts),
    drill: emergency.drill,
    unattended: emergency.unattended,
    outcome,
    problems,
    alerts: alertsOf(told),
    reason: emergency.reason,
    requestedBy: emergency.requestedBy,
    execution: emergency.execution,
    startedAt: emergency.startedAt,
    ...(emergency.endedAt !== undefined && { endedAt: emergency.endedAt }),
    exposure: exposureOf(facts),
    overview: overviewOf(told),
    timeline,
    secrets,
    consumers: {
      stopped: [...emergency.consumers.stop],
      restarted: [...emergency.consumers.restart],
      alone: [...emergency.consumers.alone],
    },
    readers: told.readers,
    remaining: remainingOf(told),
    ...(contacts && contacts.people.length > 0 && { contacts: contactsOf(contacts, now) }),
    basis: basisOf(facts),
  };
}

function contactsOf(contacts: NonNullable<IncidentFacts['manifest']['contacts']>, now: Date) {
  const { people, ...review } = reviewed(contacts, now);
  return {
    people: people.map(({ role, name, reach }) => ({ role, name, ...(reach && { reach }) })),
    ...review,
  };
}

const titleOf = ({ emergency, manifest }: IncidentFacts): string => {
  const of = `${manifest.name}/${manifest.environment}, ${second(emergency.startedAt)} UTC`;
  return emergency.drill ? `DRILL of an emergency: ${of}` : `Security incident: ${of}`;
};

function exposureOf({ emergency, audit }: IncidentFacts): IncidentReport['exposure'] {
  const { exposed, exposedSince, suspects } = emergency;
  const from = 'asked' in audit ? audit.asked.from : undefined;
  return {
    secrets: [...exposed],
    ...(exposedSince !== undefined && { since: exposedSince }),
    words:
      exposedSince !== undefined
        ? `Since ${second(exposedSince)} UTC, as whoever began it said.`
        : `Since when is not known.${from === undefined ? '' : ` Reads were looked for from ${second(from)} UTC.`}`,
    suspects: [...suspects],
  };
}

/** Written while the last stages are still to come: these do not keep it from being closed. */
const afterTheReport: ReadonlySet<string> = new Set(['report', 'tell']);

function outcomeOf(
  { emergency }: IncidentFacts,
  secrets: readonly IncidentSecret[],
  timeline: readonly IncidentStage[],
): IncidentReport['outcome'] {
  if (emergency.state !== 'running') return emergency.state;
  if (
    timeline.some(({ state }) => state === 'failed') ||
    secrets.some(({ state }) => state === 'failed')
  ) {
    return 'incomplete';
  }
  const isOver = timeline.every(
    ({ stage, state }) => afterTheReport.has(stage) || state === 'done' || state === 'skipped',
  );
  return isOver ? 'closed' : 'running';
}

function problemsOf(
  { emergency }: IncidentFacts,
  secrets: readonly IncidentSecret[],
  timeline: readonly IncidentStage[],
): string[] {
  const failed = timeline
    .filter(({ state }) => state === 'failed')
    .map(
      ({ words, stage, reason }) =>
        `Stage ${stage} failed (${words.toLowerCase()}): ${reason ?? 'no reason was noted'}`,
    );
  const ended = emergency.ended === undefined ? [] : [`The execution ended: ${emergency.ended}`];
  const notDone = secrets
    .filter(({ state }) => state === 'failed')
    .map(({ key, words }) => `${key}: ${words}`);
  const found = [
    ...timeline.flatMap(({ stage, evidence }) => evidence.map((one) => ({ of: stage, ...one }))),
    ...secrets.flatMap(({ key, evidence }) => evidence.map((one) => ({ of: key, ...one }))),
  ]
    // Of a drill only what would keep an emergency from going through counts.
    .filter(({ reserved, detail }) => (emergency.drill ? detail?.ok === false : reserved))
    .map(({ of, words }) => `${of}: ${words}`);
  return [...new Set([...failed, ...ended, ...notDone, ...found])];
}

function basisOf({ emergency, audit }: IncidentFacts): string[] {
  return [
    `Stages and secrets are told from the records of the control table, which the machine wrote as it went (execution ${emergency.execution}).`,
    'An old credential is called dead only where it was refused while the new one was accepted at the same place; of signing keys, where the value was read back and every earlier key is revoked. Everything else is called not proven, with the place and the reason.',
    'An encryption key is never called dead while rows or copies under it exist.',
    'missing' in audit
      ? 'No trail was looked at for this report.'
      : `Who read is told from CloudTrail. It delivers events minutes after the fact; reads of copies (${listed([...new Set(audit.notVisible.map(({ what }) => what))], 'environments, parameters, caches')}) leave no trace there.`,
    'No value was read for this report, and it holds none.',
    ...(emergency.drill
      ? ['This was a drill: every place was looked at, and nothing was changed.']
      : []),
  ];
}

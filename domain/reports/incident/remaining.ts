/**
 * What is left to be done within the day, with boxes. One is ticked only when something was found that shows it; what
 * no machine can see stays open, with who does it.
 */
import type { Remaining } from '../../events/incident-report.ts';
import { type Contacts, reviewed } from '../deployment/contacts.ts';
import type { Told } from './build.ts';
import * as commands from './commands.ts';
import { afterDrill } from './remaining-drill.ts';
import { copies, everySecret, sessions } from './remaining-secrets.ts';
import { listed, second } from './words.ts';

type Item = Remaining | undefined;

export function remainingOf(told: Told): Remaining[] {
  const items = told.facts.emergency.drill ? afterDrill(told) : afterEmergency(told);
  return [...items, contacts(told)].filter((item) => item !== undefined);
}

const afterEmergency = (told: Told): Item[] => [
  goOn(told),
  ...everySecret(told),
  sessions(told),
  consumers(told),
  reads(told),
  lift(told),
  history(told),
  objects(told),
  ...copies(told),
  certificates(told),
  everybodyTold(told),
  report(told),
  duties(),
];

function goOn({ facts, outcome, problems }: Told): Item {
  const { emergency, manifest } = facts;
  if (outcome !== 'incomplete') return undefined;
  return {
    id: 'resume',
    words: 'Remove what made stages fail, then let the emergency go on where it stopped',
    state: 'open',
    because: [...problems],
    who: 'on-call with security',
    commands: [commands.resume(emergency, manifest)],
  };
}

function consumers({ facts, timeline }: Told): Item {
  const { emergency, manifest } = facts;
  const { stop, restart, alone } = emergency.consumers;
  if (stop.length + restart.length + alone.length === 0) return undefined;
  const start = timeline.find(({ stage }) => stage === 'start');
  const reached = [...stop, ...restart];
  const isDone = alone.length === 0 && start?.state === 'done';
  return {
    id: 'restart',
    words: 'Every consumer runs with the new values',
    state: isDone ? 'done' : 'open',
    because: [
      ...(reached.length === 0
        ? []
        : [
            `${listed(reached)}: ${start?.state === 'done' ? 'started again' : (start?.reason ?? 'not known to run')}`,
          ]),
      ...(alone.length === 0 ? [] : [`${listed(alone)}: nothing here restarts them`]),
      ...(start?.evidence.map(({ words }) => words) ?? []),
    ],
    ...(!isDone && { who: 'on-call' }),
    commands: isDone ? [] : [commands.status(manifest)],
  };
}

function reads({ facts, readers }: Told): Item {
  const { unknown = 0, refused = 0, whole, words } = readers;
  const isDone = readers.audit !== undefined && whole && unknown + refused === 0;
  return {
    id: 'accessAudit',
    words: 'The reads of the secrets are accounted for, each principal by a name somebody knows',
    state: isDone ? 'done' : 'open',
    because: [words],
    ...(!isDone && { who: 'security' }),
    commands: isDone
      ? []
      : facts.emergency.exposed
          .slice(0, 5)
          .map(
            (key) =>
              `aws cloudtrail lookup-events --region ${facts.manifest.region} --lookup-attributes AttributeKey=ResourceName,AttributeValue=${facts.manifest.secrets.find((one) => one.key === key)?.name ?? key}`,
          ),
  };
}

function lift({ facts, timeline }: Told): Item {
  const { emergency, manifest } = facts;
  const contain = timeline.find(({ stage }) => stage === 'contain');
  if (emergency.suspects.length === 0) return undefined;
  const lifted = contain?.evidence.find(({ fact }) => fact === 'containmentLifted');
  if (lifted !== undefined) {
    return {
      id: 'lift',
      words: 'Who was cut off is let in again',
      state: 'done',
      because: [lifted.words],
      commands: [],
    };
  }
  return {
    id: 'lift',
    words: `Decide about who was cut off: ${listed(emergency.suspects)}`,
    state: 'open',
    because: [
      contain?.state === 'done'
        ? 'They stay denied until somebody lifts it'
        : `Cutting them off: ${contain?.reason ?? contain?.state ?? 'not begun'}`,
    ],
    who: 'security',
    commands: [commands.lift(emergency, manifest)],
  };
}

const history = ({ facts }: Told): Item => ({
  id: 'scan',
  words: 'Search every working tree and its whole history for the old and the new values',
  state: 'open',
  because: ['Nothing here knows your repositories'],
  who: 'the owner of each repository',
  commands: [commands.scan(facts.manifest)],
});

/** H3: what a role did to the database before it was closed stays. */
function objects({ facts, secrets }: Told): Item {
  const databases = secrets.filter(({ kind, exposed }) => kind === 'database' && exposed);
  if (databases.length === 0) return undefined;
  const { exposedSince } = facts.emergency;
  const since = exposedSince === undefined ? 'the exposure' : `${second(exposedSince)} UTC`;
  return {
    id: 'objects',
    words: `Go through objects, grants and role settings that were changed since ${since} with the login of ${listed(databases.map(({ key }) => key))}`,
    state: 'open',
    because: [
      'What somebody left behind (a function that runs as its owner, a grant, a setting of a role) outlives every password; PostgreSQL does not note when such a thing was made, so compare it with what you deploy',
    ],
    who: 'the DBA',
    commands: [...commands.changedObjects],
  };
}

function certificates({ facts }: Told): Item {
  const names = (facts.manifest.certificates ?? []).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return {
    id: 'certificates',
    words: `Renew certificates whose private keys stood where the secrets leaked from: ${listed(names)}`,
    state: 'open',
    because: ['An emergency replaces no certificate'],
    who: 'on-call',
    commands: [],
  };
}

function everybodyTold({ timeline, outcome }: Told): Item {
  const of = (stage: string) => timeline.find((one) => one.stage === stage);
  const security = of('announce')?.state === 'done';
  const others = of('tell')?.state;
  const because = [
    security ? 'Security was told first' : 'Security was NOT told by the machine',
    others === 'done'
      ? 'The others were told'
      : outcome === 'incomplete'
        ? 'Support and product are told when it is over'
        : 'The others are told right after this report',
  ];
  const isDone = security && others === 'done';
  return {
    id: 'notify',
    words: 'Security, on-call, support and product are told',
    state: isDone ? 'done' : security && outcome !== 'incomplete' ? 'underWay' : 'open',
    because,
    ...(!isDone && { who: 'security' }),
    commands: [],
  };
}

const report = ({ facts }: Told): Item => ({
  id: 'report',
  words: 'The report of the incident is written, with its timeline and what was done',
  state: 'done',
  because: [
    facts.emergency.report === undefined
      ? 'This is it'
      : `s3://${facts.emergency.report.bucket}/${facts.emergency.report.key}`,
  ],
  commands: [],
});

const duties = (): Item => ({
  id: 'duties',
  words: 'Decide who outside has to be told, and by when',
  state: 'open',
  because: [
    'Of personal data, GDPR Article 33 gives 72 hours from becoming aware; contracts and other laws have times of their own',
  ],
  who: 'security, with legal counsel',
  commands: [],
});

function contacts({ facts }: Told): Item {
  const { contacts: sheet } = facts.manifest;
  const words =
    sheet === undefined || sheet.people.length === 0 ? nobodyNamed : staleSince(sheet, facts.now);
  return words === undefined
    ? undefined
    : { id: 'contacts', words, state: 'open', because: [], who: 'security', commands: [] };
}

const nobodyNamed = 'Name whom to call: the deployment names nobody (contacts.people)';

function staleSince(sheet: Contacts, now: Date): string | undefined {
  const { reviewOverdue, nextReviewOn } = reviewed(sheet, now);
  if (!reviewOverdue) return undefined;
  return nextReviewOn === undefined
    ? 'Go through the contact sheet: nobody ever did (contacts.reviewedOn)'
    : `Go through the contact sheet: its review is overdue since ${nextReviewOn} (contacts.reviewedOn)`;
}

/** Who read the secrets: the trail first, event history where it says nothing; again and again until it is done. */
import type { AccessAnswer, AccessAudit } from '../../domain/events/access-audit.ts';
import { type Readers, readersOf } from '../../domain/policy/readers/readers.ts';
import { identityKey, printable } from '../../domain/policy/readers/sighting.ts';
import { Tally } from '../../domain/policy/readers/tally.ts';
import {
  askHistory,
  beginRegion,
  type HistoryQuestion,
  historyCoverage,
  isDone,
} from './ask-history.ts';
import { answerOfTrail, askTrail, type FromTrail, readTrail } from './ask-trail.ts';
import type { AccessAuditDoors } from './doors.ts';
import { ForeignProgressError } from './errors.ts';
import { knownReaders } from './known.ts';
import { notVisible } from './not-visible.ts';
import { type HistoryProgress, progressOf, type TrailProgress } from './progress.ts';
import { type Asked, type Deployed, questionFrom } from './question.ts';
import { trailStatements } from './statements.ts';

interface Look {
  readonly doors: AccessAuditDoors;
  readonly deployed: Deployed;
  readonly asked: Asked;
}

/** @throws InvalidAccessQuestionError, ForeignProgressError; what AWS refuses stands in the answer */
export async function auditAccess(
  doors: AccessAuditDoors,
  deployed: Deployed,
  event: unknown,
): Promise<AccessAnswer> {
  const asked = questionFrom(event, deployed);
  const look = { doors, deployed, asked };
  const progress = progressOf(asked, doors.clock.now());
  switch (progress?.by) {
    case undefined:
      return begin(look);
    case 'trail':
      return goOnWithTrail(look, progress);
    case 'history':
      return goOnWithHistory(look, progress);
  }
}

async function begin(look: Look): Promise<AccessAnswer> {
  const { doors, deployed, asked } = look;
  const begunAt = doors.clock.now();
  if (doors.trail === undefined) {
    return goOnWithHistory(look, withoutTrail(look, begunAt));
  }
  let progress: TrailProgress;
  try {
    progress = await askTrail(doors.trail, trailStatements(asked, deployed.account), begunAt);
  } catch (error) {
    return handedOver(withoutTrail(look, begunAt, (error as Error).message));
  }
  return goOnWithTrail(look, progress);
}

async function goOnWithTrail(look: Look, progress: TrailProgress): Promise<AccessAnswer> {
  const { doors, deployed, asked } = look;
  const { trail: athena, clock } = doors;
  const begunAt = new Date(progress.begunAt);
  if (athena === undefined) throw new ForeignProgressError('is of a deployment with a trail');
  let read: FromTrail;
  try {
    const answer = await answerOfTrail(
      { athena, clock },
      trailStatements(asked, deployed.account),
      progress,
    );
    if (answer === 'running') return { done: false, progress, seen: 0 };
    if (answer !== 'succeeded') {
      return handedOver(withoutTrail(look, begunAt, answer.failed));
    }
    read = await readTrail(athena, asked, progress, deployed.manifest.region);
  } catch (error) {
    if (error instanceof ForeignProgressError) throw error;
    return handedOver(withoutTrail(look, begunAt, (error as Error).message));
  }
  const { tally, covered, left, notes } = read;
  if (left.length === 0) return finished(look, tally, [...covered], notes);
  return handedOver({
    by: 'history',
    begunAt: progress.begunAt,
    tally: tally.state as HistoryProgress['tally'],
    covered: [...covered],
    notes: [...notes],
    regions: left.map(beginRegion),
  });
}

/** To the next call: what asked Athena may have taken most of this one's time. */
const handedOver = (progress: HistoryProgress): AccessAnswer => ({
  done: false,
  progress,
  seen: seenIn(progress.tally.events),
});

const seenIn = (events: Readonly<Record<string, number>>): number =>
  Object.values(events).reduce((sum, count) => sum + count, 0);

/** @param problem of the trail; absent: there is none */
function withoutTrail({ doors, asked }: Look, begunAt: Date, problem?: string): HistoryProgress {
  if (problem !== undefined) {
    doors.log.error('trailFailed', { problem: printable(problem, 512) });
  }
  return {
    by: 'history',
    begunAt: begunAt.toISOString(),
    tally: { accesses: [], moreAccesses: 0, events: {} },
    covered:
      problem === undefined
        ? []
        : asked.regions.map((region) => ({
            region,
            source: 'athena' as const,
            events: 0,
            problem: printable(problem, 512),
          })),
    notes:
      problem === undefined
        ? [
            'No trail is configured: event history was read, the newest first, which holds 90 days and is slow to read (trail in rotation.config.ts).',
          ]
        : [],
    regions: asked.regions.map(beginRegion),
  };
}

async function goOnWithHistory(look: Look, progress: HistoryProgress): Promise<AccessAnswer> {
  const { doors, deployed, asked } = look;
  const { begunAt, covered, notes } = progress;
  const tally = new Tally(asked.keyOf, progress.tally);
  const question: HistoryQuestion = {
    asked,
    keys: deployed.keys,
    homeRegion: deployed.manifest.region,
    begunAt: new Date(begunAt),
  };
  const regions = await askHistory(doors, question, tally, progress.regions);
  const { state } = tally;
  if (!regions.every((region) => isDone(question, region))) {
    return {
      done: false,
      progress: { ...progress, tally: state, regions },
      seen: seenIn(state.events),
    };
  }
  const looked = regions.map((region) =>
    historyCoverage(question, region, state.events[region.region] ?? 0),
  );
  return finished(
    look,
    tally,
    [...covered, ...looked.map((one) => one.covered)],
    [...notes, ...looked.flatMap((one) => one.notes)],
  );
}

async function finished(
  { doors, deployed, asked }: Look,
  tally: Tally,
  covered: AccessAudit['covered'],
  notes: readonly string[],
): Promise<AccessAnswer> {
  const known = await knownReaders(doors, deployed);
  const found = readersOf(tally.state, { known, newVersions: asked.newVersions });
  const keys = new Set(asked.secrets.map(({ key }) => key));
  const audit: AccessAudit = {
    version: 1,
    at: doors.clock.now().toISOString(),
    asked: { from: asked.interval.from, to: asked.interval.to, secrets: [...keys] },
    covered,
    readers: found.readers,
    moreReaders: found.moreReaders,
    notVisible: notVisible(deployed.manifest, keys),
    notes: [...standing(found, deployed, asked), ...notes, ...known.notes].slice(0, 20),
  };
  doors.log.info('accessAudited', {
    secrets: [...keys],
    readers: found.readers.length,
    unknown: found.readers.filter((reader) => reader.standing === 'unknown').length,
    covered: covered.map(({ region, source, from = 'nothing' }) => `${region} ${source} ${from}`),
  });
  return { done: true, audit };
}

/** What every reader of an audit has to know. */
function standing(
  { readers, moreReaders, hasMoreVersions }: Readers,
  { manifest, breakGlassRole }: Deployed,
  { regions, principal }: Asked,
): string[] {
  const own = breakGlassRole === undefined ? undefined : identityKey(breakGlassRole);
  const usedBreakGlass =
    own !== undefined && readers.some((reader) => identityKey(reader.principal) === own);
  return [
    ...(readers.length === 0
      ? [
          `No read${principal === undefined ? '' : ' by this principal'} was found in what was covered. That is no proof that there was none: see what was not covered, and what is not visible.`,
        ]
      : [
          'Somebody with stolen credentials of a role is told as that role: look at the addresses and programs of declared readers and of own functions, too.',
        ]),
    ...(usedBreakGlass
      ? [
          printable(
            `${breakGlassRole} is the break-glass role of ${manifest.name}/${manifest.environment}: declared, and every use of it is one to ask about.`,
            512,
          ),
        ]
      : []),
    `Regions that were asked: ${regions.join(', ')}. A replica in another one (replicaRegions in rotation.config.ts) leaves its reads there.`,
    'What happened in the last 15 minutes before the audit may not be told yet: CloudTrail takes that long. Ask again later.',
    ...(moreReaders > 0
      ? ['More principals were seen than are listed; ask for fewer secrets or a shorter time.']
      : []),
    ...(hasMoreVersions ? ['More versions were read than are listed.'] : []),
  ];
}

/** The trail's files, through Athena: three statements for all regions, and what came of them. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { AccessAudit } from '../../domain/events/access-audit.ts';
import { type DayOfTrail, delivered, trailCoverage } from '../../domain/policy/readers/coverage.ts';
import { isBy, printable, type Sighting } from '../../domain/policy/readers/sighting.ts';
import { Tally } from '../../domain/policy/readers/tally.ts';
import type { AthenaDoor, Row } from '../../doors/athena.ts';
import type { Clock } from '../../doors/clock.ts';
import { ForeignProgressError } from './errors.ts';
import type { TrailProgress } from './progress.ts';
import type { Asked } from './question.ts';
import { mostRows, type TrailStatements } from './statements.ts';

export interface FromTrail {
  readonly tally: Tally;
  readonly covered: AccessAudit['covered'];
  /** Of which the trail says nothing. */
  readonly left: readonly string[];
  readonly notes: readonly string[];
}

const kinds = ['reads', 'decryptions', 'days'] as const;

/** How often a call looks, and how long it waits before each look, in milliseconds. */
const looks = 15;
const pause = 1_000;
/** From the start of the audit; Athena's own end is after 30 minutes. */
export const trailMilliseconds = 10 * 60_000;

/** @throws AwsCallError */
export async function askTrail(
  athena: AthenaDoor,
  statements: TrailStatements,
  begunAt: Date,
): Promise<TrailProgress> {
  const started = await Promise.all(
    kinds.map(async (kind) => [
      kind,
      await athena.start(
        statements[kind],
        // Of a call that is made again after its answer was lost.
        createHash('sha256').update(`${begunAt.toISOString()}\n${statements[kind]}`).digest('hex'),
      ),
    ]),
  );
  return { by: 'trail', begunAt: begunAt.toISOString(), queries: Object.fromEntries(started) };
}

/**
 * @returns 'running' when the call's time is up; a text: why there is no answer
 * @throws ForeignProgressError for executions of other statements; AwsCallError
 */
export async function answerOfTrail(
  { athena, clock }: { athena: AthenaDoor; clock: Clock },
  statements: TrailStatements,
  progress: TrailProgress,
): Promise<'running' | 'succeeded' | { failed: string }> {
  for (let look = 0; look < looks; look += 1) {
    const states = await Promise.all(kinds.map((kind) => athena.look(progress.queries[kind])));
    if (kinds.some((kind, index) => states[index]?.sql.trim() !== statements[kind])) {
      throw new ForeignProgressError('names executions of other queries');
    }
    const failed = states.find(({ state }) => state === 'failed');
    if (failed !== undefined) return { failed: failed.reason ?? 'no reason told' };
    if (states.every(({ state }) => state === 'succeeded')) return 'succeeded';
    const ends = Date.parse(progress.begunAt) + trailMilliseconds;
    if (clock.now().getTime() >= ends) {
      await Promise.allSettled(kinds.map((kind) => athena.stop(progress.queries[kind])));
      return { failed: `no answer within ${trailMilliseconds / 60_000} minutes` };
    }
    await clock.sleep(pause);
  }
  return 'running';
}

/** @throws AwsCallError; z.ZodError would mean that Athena answered another statement */
export async function readTrail(
  athena: AthenaDoor,
  asked: Asked,
  progress: TrailProgress,
  /** The cadence looks every hour: a day without an event there is a day without the trail. */
  home: string,
): Promise<FromTrail> {
  const tally = new Tally(asked.keyOf);
  const isAsked = isBy(asked.principal);
  let cut = false;
  for (const kind of ['reads', 'decryptions'] as const) {
    let rows = 0;
    for await (const page of athena.rows(progress.queries[kind])) {
      rows += page.length;
      for (const row of page) {
        const sighting = sightingOf(row);
        if (isAsked(sighting.identity)) tally.add(sighting);
      }
    }
    cut ||= rows >= mostRows;
  }
  const days: DayOfTrail[] = [];
  for await (const page of athena.rows(progress.queries.days)) {
    days.push(...page.map((row) => daySchema.parse(row)));
  }
  const interval = delivered(asked.interval, new Date(progress.begunAt));
  const looked = asked.regions.map((region) =>
    trailCoverage(region, days, interval, region === home),
  );
  const { events } = tally.state;
  return {
    tally,
    covered: looked.map(
      ({ region, interval: covers, gaps, problem = region === home ? gaps : undefined }) => ({
        region,
        source: 'athena' as const,
        ...covers,
        events: events[region] ?? 0,
        ...(problem !== undefined && { problem: printable(problem, 512) }),
      }),
    ),
    // What is too young for the trail is too young for the history.
    left:
      interval === undefined
        ? []
        : looked.flatMap(({ region, interval: covers }) => (covers ? [] : [region])),
    notes: [
      ...(cut
        ? [
            `There were more sorts of access than the ${mostRows} that are taken: the oldest are missing. Ask for fewer secrets or a shorter time.`,
          ]
        : []),
      ...looked.flatMap(({ region, gaps }) =>
        gaps === undefined || region === home
          ? []
          : [`${region}: ${gaps}. Nothing happened there on such a day, or the trail stood still.`],
      ),
      ...looked
        .filter(({ interval: covers, hasDecryptions }) => covers && !hasDecryptions)
        .map(
          ({ region }) =>
            `The trail holds no decryption of KMS in ${region}: which versions were read there is not known. A trail may leave KMS events out (CloudTrail, "Exclude AWS KMS events").`,
        ),
    ],
  };
}

const text = z.string().optional();
const rowSchema = z.object({
  event: z.enum(['GetSecretValue', 'BatchGetSecretValue', 'Decrypt']),
  type: text,
  issuer: text,
  principal: text,
  account: text,
  invoked_by: text,
  subject: text,
  version: text,
  address: text,
  agent: text,
  region: z.string(),
  refused: z.enum(['yes', 'no']),
  arn: text,
  times: z.coerce.number().int().min(1),
  first_at: z.string(),
  last_at: z.string(),
});

const daySchema = z
  .object({
    region: z.string(),
    day: z.string(),
    events: z.coerce.number().int(),
    reads: z.coerce.number().int(),
    decryptions: z.coerce.number().int(),
    first_at: z.string(),
    last_at: z.string(),
  })
  .transform(({ first_at, last_at, ...day }) => ({ ...day, firstAt: first_at, lastAt: last_at }));

const sorts = { GetSecretValue: 'read', BatchGetSecretValue: 'batch', Decrypt: 'decrypt' } as const;

function sightingOf(row: Row): Sighting {
  const found = rowSchema.parse(row);
  const { subject = '' } = found;
  return {
    kind: sorts[found.event],
    identity: {
      type: found.type ?? 'Unknown',
      arn: found.arn,
      issuer: found.issuer,
      principalId: found.principal,
      account: found.account,
      invokedBy: found.invoked_by,
    },
    secrets: found.event === 'BatchGetSecretValue' ? idsIn(subject) : [subject],
    versionId: found.version,
    refused: found.refused === 'yes',
    address: found.address ?? 'not told',
    userAgent: found.agent ?? 'not told',
    region: found.region,
    count: found.times,
    firstAt: found.first_at,
    lastAt: found.last_at,
  };
}

/** Every text in `{"secretIdList":["…","…"]}`, which may be cut: what is no id of ours means nothing to the tally. */
const idsIn = (requestParameters: string): string[] =>
  [...requestParameters.matchAll(/"([^"\\]{1,2048})"/g)].map(([, id]) => id ?? '');

/**
 * What is carried from call to call: the function remembers nothing. Whoever may call it may hand it anything, so it
 * holds ids and counts, never what is read: regions, secrets and keys are the deployment's each time.
 */
import * as z from 'zod';
import { accessAuditSchema } from '../../domain/events/access-audit.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { bounds } from '../../domain/policy/readers/tally.ts';
import { ForeignProgressError } from './errors.ts';
import type { Asked } from './question.ts';

const instant = z.iso.datetime();
const second = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const count = z.int().min(0);
const key = z.string().max(20);

const tallySchema = z.strictObject({
  accesses: z
    .array(
      z.strictObject({
        principal: z.string().max(2048),
        account: z.string().max(12).optional(),
        firstAt: second,
        lastAt: second,
        sessions: z.array(z.string().max(64)).max(bounds.sessions),
        sources: z
          .array(
            z.strictObject({
              address: z.string().max(128),
              userAgent: z.string().max(256),
              region: z.string().max(32),
              count,
              firstAt: second,
              lastAt: second,
            }),
          )
          .max(bounds.sources),
        moreSources: count,
        secrets: z
          .array(
            z.strictObject({
              key,
              gets: count,
              batches: count,
              denied: count,
              versions: z
                .array(z.strictObject({ versionId: z.string().max(64), reads: count }))
                .max(bounds.versions),
              moreVersions: count,
            }),
          )
          .max(50),
      }),
    )
    .max(bounds.accesses),
  moreAccesses: count,
  events: z.record(z.string().max(32), count),
});

const regionSchema = z.strictObject({
  region: z.string().max(32),
  /** Which of the lookups; after the last one the region is done. */
  lookup: count,
  token: z.string().max(8192).optional(),
  /** Pages of this lookup so far. */
  pages: count,
  /** The oldest record of this lookup so far. */
  oldest: second.optional(),
  /** From when on lookups that ended say something. */
  since: z.strictObject({
    reads: second.optional(),
    batches: second.optional(),
    versions: second.optional(),
  }),
  problem: z.string().max(512).optional(),
});
export type RegionProgress = z.infer<typeof regionSchema>;

const trailProgressSchema = z.strictObject({
  by: z.literal('trail'),
  begunAt: instant,
  /** Executions in Athena. */
  queries: z.strictObject({
    reads: z.string().max(128),
    decryptions: z.string().max(128),
    days: z.string().max(128),
  }),
});
export type TrailProgress = z.infer<typeof trailProgressSchema>;

const historyProgressSchema = z.strictObject({
  by: z.literal('history'),
  begunAt: instant,
  tally: tallySchema,
  /** What the trail said, or why it did not. */
  covered: z.array(accessAuditSchema.shape.covered.element).max(30),
  notes: z.array(z.string().max(512)).max(10),
  regions: z.array(regionSchema).max(11),
});
export type HistoryProgress = z.infer<typeof historyProgressSchema>;

const progressSchema = z.discriminatedUnion('by', [trailProgressSchema, historyProgressSchema]);
export type Progress = z.infer<typeof progressSchema>;

/** @throws ForeignProgressError */
export function progressOf({ progress, regions, secrets }: Asked, now: Date): Progress | undefined {
  if (progress === undefined || progress === null) return undefined;
  const parsed = readAs(progressSchema, progress);
  if (!parsed.success) {
    throw new ForeignProgressError(
      `does not fit at ${parsed.error.issues[0]?.path.join('.') || 'its shape'}`,
    );
  }
  const { data } = parsed;
  if (Date.parse(data.begunAt) > now.getTime()) {
    throw new ForeignProgressError('says that it begins in the future');
  }
  if (data.by === 'history') {
    const named = [
      ...data.regions.map(({ region }) => region),
      ...data.covered.map(({ region }) => region),
      ...Object.keys(data.tally.events),
    ];
    if (named.some((region) => !regions.includes(region))) {
      throw new ForeignProgressError('names a region that is not of this deployment');
    }
    const keys = new Set(secrets.map((one) => one.key));
    if (data.tally.accesses.some((access) => access.secrets.some((one) => !keys.has(one.key)))) {
      throw new ForeignProgressError('is about a secret that is not asked for');
    }
  }
  return data;
}

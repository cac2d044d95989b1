/** What the functions of one rotation cost at list price, from measured times and the template's memory sizes. */
import type { ColdStarts } from './cold-starts.ts';
import type { RotationFigures } from './rotations.ts';

/** aws.amazon.com/lambda/pricing, us-east-1, x86, first tier, read in November 2026; no free tier. */
export const listPrice = {
  region: 'us-east-1',
  read: '2026-11',
  perGigabyteSecond: 0.0000166667,
  perRequest: 0.2 / 1_000_000,
} as const;

export interface RotationCost {
  kind: string;
  invocations: number;
  /** Milliseconds billed, one cold start for each function included. */
  billedMilliseconds: number;
  dollars: number;
}

export function costOf(
  { kind, runs, invocations }: RotationFigures,
  memory: ReadonlyMap<string, number>,
  { functions }: ColdStarts,
): RotationCost {
  // Since August 2025 the INIT phase is billed too; a rotation comes to cold functions. The slowest counts.
  const init = Math.max(0, ...functions.map(({ overNode }) => overNode));
  let count = 0;
  let billed = 0;
  let dollars = 0;
  for (const [name, made] of invocations) {
    const each = made.count / runs;
    // Lambda rounds every invocation up to the next millisecond.
    const milliseconds = each * Math.ceil(made.milliseconds / made.count) + init;
    count += each;
    billed += milliseconds;
    const gigabytes = (memory.get(name) ?? 128) / 1024;
    dollars += (milliseconds / 1000) * gigabytes * listPrice.perGigabyteSecond;
    dollars += each * listPrice.perRequest;
  }
  return { kind, invocations: count, billedMilliseconds: billed, dollars };
}

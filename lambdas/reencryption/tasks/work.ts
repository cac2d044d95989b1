/**
 * One call of one worker: ranges until a minute is left. It keeps nothing; its answer says whether to call again.
 */
import { Buffer } from 'node:buffer';
import { currentKeyset, keyRing, targetWatch } from '../current-keyset.ts';
import type { Tools } from '../doors.ts';
import { JobFencedError } from '../errors.ts';
import { jobById } from '../job.ts';
import { ledger } from '../ledger.ts';
import { findingsOf, movedOrPaused } from '../records.ts';
import { passing, rowsLogin, withLedger } from '../rows-login.ts';
import { valuesLeft } from '../values-left.ts';
import { type WorkerResult, work as workOff } from '../worker.ts';
import { progressSchema, type Worked } from './progress.ts';

/** For the window under way, which is finished. */
const marginMilliseconds = 60_000;
/** What the record says may be so old. */
const recordEvery = 30_000;

export async function work(tools: Tools, _execution: string, given: unknown): Promise<Worked> {
  const order = progressSchema.parse(given);
  const { deployed, clock, random, postgres, deadline, log } = tools;
  const current = await currentKeyset(tools);
  const engine = {
    door: postgres,
    endpoint: deployed.endpoint,
    credential: await rowsLogin(tools),
    clock,
    columns: deployed.columns,
    cipherOf: deployed.cipherOf,
    keys: keyRing(current.keyset, clock.now()),
    random,
    limits: deployed.limits,
    assertTarget: targetWatch(tools, current),
  };
  const until = new Date(deadline.getTime() - marginMilliseconds);
  const owner = Buffer.from(random(16)).toString('hex');
  const result = await passing(() => workOff(engine, order.jobId, owner, until)).catch((error) =>
    provenMeanwhile(tools, order.jobId, error),
  );
  log.info('worked', { job: order.jobId, ...countsOf(result) });
  await record(tools, order.jobId, result);
  // No range was free: those left are others'. Who dies leaves them to the next round of workers.
  const isIdle = !result.paused && clock.now() < until;
  return {
    ...order,
    calls: order.calls + 1,
    done: result.done || isIdle,
    paused: result.paused,
  };
}

/** Nothing is left to do for a worker of a job that is verified; any other fence stands. */
async function provenMeanwhile(tools: Tools, jobId: string, error: unknown): Promise<WorkerResult> {
  if (error instanceof JobFencedError) {
    const { state } = await withLedger(tools, (session) => jobById(session, jobId));
    if (state === 'verified') {
      return { done: true, paused: false, ranges: 0, windows: 0, waited: {}, sealAlarms: [] };
    }
  }
  throw error;
}

function countsOf({ ranges, windows, waited, sealAlarms }: WorkerResult) {
  const waits = Object.entries(waited).map(([factor, milliseconds]) => `${factor} ${milliseconds}`);
  return { ranges, windows, waited: waits, sealAlarms };
}

/** For those who ask from outside; the ledger is what counts, so that a lost note harms nobody. */
async function record(
  tools: Tools,
  jobId: string,
  { sealAlarms, paused }: WorkerResult,
): Promise<void> {
  const { controlTable, deployed, clock, log } = tools;
  try {
    const now = clock.now();
    const standing = await controlTable.getReencryption(deployed.secretName);
    const alarms = sealAlarms.map(
      (column) =>
        `the target key has sealed more than 2^31 values${column === '' ? '' : ` of ${column}`}; rotate it soon`,
    );
    const isFresh = now.getTime() - Date.parse(standing?.at ?? '') < recordEvery;
    const isNoted = paused === (standing?.pausedSince !== undefined);
    if (isNoted && (isFresh || paused) && alarms.length === 0) {
      return;
    }
    const rowsLeft = await withLedger(tools, async (session) =>
      valuesLeft(session, await ledger(session, jobId), deployed.columns),
    );
    await controlTable.updateReencryption(deployed.secretName, (found) =>
      found?.jobId === jobId && found.state === 'active'
        ? {
            ...movedOrPaused(found, paused, now),
            rowsLeft,
            findings: findingsOf([...found.findings, ...alarms]),
          }
        : undefined,
    );
  } catch (error) {
    const { name } = error as Error;
    log.error('progress-not-recorded', { job: jobId, error: name });
  }
}

/** `quarterturn emergency --lift <id>`: suspects may read again what they were denied. The machine does it. */
import type { EmergencyRecord } from '../../domain/events/emergency.ts';
import type { EmergencyDocument } from '../../domain/reports/emergency-document.ts';
import type { ExecutionEnd } from '../../doors/execution-ends.ts';
import type { OpenDeployment } from '../command.ts';
import { documentHead } from '../document-head.ts';
import { wrap } from '../table.ts';
import { notConfirmed, type Watching } from './ask.ts';
import { start } from './begin.ts';
import { NothingToLiftError } from './errors.ts';

const pause = 1_000;
/** "eventually consistent" (API_DescribeExecution). */
const unseenFor = 15_000;

/** @throws NothingToLiftError, EmergencyNotAllowedError, AwsCallError */
export async function lift(
  deployment: OpenDeployment,
  { id, suspects, drill }: EmergencyRecord,
  watching: Watching & { readonly yes: boolean },
): Promise<EmergencyDocument> {
  const { terminal, say, wait } = watching;
  if (suspects.length === 0 || drill) {
    throw new NothingToLiftError(
      `${id} ${drill ? 'is a drill' : 'named no suspect'}, so it denied nobody anything; expected one with suspects. Nothing was changed.`,
    );
  }
  const plan = [
    `Lifting what ${id} denied in the resource policy of every secret of the deployment, and what revoked sessions, of:`,
    ...suspects.map((arn) => `- ${arn}`),
    'They may read again, with the rights they have. Make sure that whoever took the secret can use none of them any more.',
  ];
  for (const line of plan) for (const part of wrap(line, terminal.columns)) say(part);
  const refusal = await notConfirmed(deployment, watching);
  if (refusal !== undefined) return refusal;

  // The name of an execution is taken for 90 days (API_StartExecution), at most 80 characters.
  const name = `${id}-lift-${(await deployment.newToken()).slice(-8)}`;
  const execution = await start(deployment, name, { lift: id });
  const document = (
    outcome: EmergencyDocument['outcome'],
    problem?: EmergencyDocument['problem'],
  ): EmergencyDocument => ({
    report: 'quarterturn-emergency',
    ...documentHead(deployment),
    id,
    outcome,
    ...(problem && { problem }),
    stages: [],
    secrets: [],
  });
  if (!wait) return document('started');
  const end = await ended(deployment, execution, watching);
  if (end?.state === 'succeeded') return document('lifted');
  if (end?.state === 'failed') {
    const message = `${end.message} (${end.error}) What is still denied stays denied; look at the reason, and lift it again.`;
    return document('incomplete', { code: 'ERR_ROTATION_LIFT_FAILED', message });
  }
  const message = `No longer followed. ${execution} goes on by itself.`;
  return document('interrupted', { code: 'ERR_ROTATION_INTERRUPTED', message });
}

/** Undefined: Ctrl-C. */
async function ended(
  { clock, executionEnds }: OpenDeployment,
  execution: string,
  { terminal }: Watching,
): Promise<ExecutionEnd | undefined> {
  return terminal.untilInterrupted(async (interrupted) => {
    const aborted = new Promise<void>((resolve) => {
      interrupted.addEventListener('abort', () => resolve(), { once: true });
    });
    const began = clock.now().getTime();
    while (!interrupted.aborted) {
      const end = await executionEnds.endOf(execution);
      const isSeen = end !== undefined || clock.now().getTime() - began >= unseenFor;
      if (isSeen && end?.state !== 'running') return end;
      await Promise.race([clock.sleep(pause), aborted]);
    }
    return undefined;
  });
}

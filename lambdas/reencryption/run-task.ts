/** One function for every task of the re-encryption machine, chosen by a table. */
import * as z from 'zod';
import { readAs } from '../../domain/events/read-as.ts';
import type { Tools } from './doors.ts';
import { begin } from './tasks/begin.ts';
import { consumers } from './tasks/consumers.ts';
import { ForeignSecretError, InvalidRequestError } from './tasks/errors.ts';
import { countsEnded, fenceCounts, fenceWriters, writersEnded } from './tasks/fences.ts';
import { count, sweep, verify } from './tasks/next-pass.ts';
import { open } from './tasks/open.ts';
import { pass } from './tasks/pass.ts';
import { plan } from './tasks/plan.ts';
import { preflight } from './tasks/preflight.ts';
import { verdict } from './tasks/verdict.ts';
import { work } from './tasks/work.ts';

/**
 * May run again after a crash, with the same arguments.
 * @param execution ARN of the execution
 * @param progress what the state before left; parsed by the task
 */
type Task = (tools: Tools, execution: string, progress: unknown) => Promise<object>;

const tasks = {
  begin,
  preflight,
  consumers,
  open,
  plan,
  work,
  pass,
  sweep,
  fenceWriters,
  writersEnded,
  verify,
  fenceCounts,
  countsEnded,
  count,
  verdict,
} as const satisfies Record<string, Task>;
export type TaskName = keyof typeof tasks;
export const taskNames = Object.keys(tasks) as TaskName[];

const eventSchema = z.object({
  task: z.enum(taskNames),
  execution: z.string().startsWith('arn:'),
  progress: z.looseObject({ secretName: z.string(), secretArn: z.string() }),
});

/** @throws InvalidRequestError, ForeignSecretError before anything is done; what the task throws */
export async function runTask(tools: Tools, given: unknown): Promise<object> {
  const event = readAs(eventSchema, given);
  if (!event.success) {
    throw new InvalidRequestError(`does not fit in ${placeOf(event.error)}`);
  }
  const { task, execution, progress } = event.data;
  const { secretName, secretArn } = tools.deployed;
  if (progress.secretName !== secretName || progress.secretArn !== secretArn) {
    throw new ForeignSecretError(secretName);
  }
  try {
    const answer = await tasks[task](tools, execution, progress);
    tools.log.info('reencryption', { task, secret: secretName, execution });
    return answer;
  } catch (error) {
    throw error instanceof z.ZodError
      ? new InvalidRequestError(`of task ${task} does not fit in ${placeOf(error)}`)
      : error;
  }
}

function placeOf(error: z.ZodError): string {
  return error.issues[0]?.path.join('.') || 'its shape';
}

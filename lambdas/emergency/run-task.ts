/** One function for every task of an emergency, chosen by a table; and for the end of an execution that died. */
import * as z from 'zod';
import type { EmergencyDoors } from './doors.ts';
import { InvalidTaskError, UnexpectedError } from './errors.ts';
import { accessAudit } from './tasks/access-audit.ts';
import { announce } from './tasks/announce.ts';
import { begin } from './tasks/begin.ts';
import { contain } from './tasks/contain.ts';
import { end } from './tasks/end.ts';
import { endedEventSchema, executionEnded } from './tasks/ended.ts';
import { follow } from './tasks/follow.ts';
import { lift } from './tasks/lift.ts';
import { looked } from './tasks/looked.ts';
import { prepare } from './tasks/prepare.ts';
import { promoted } from './tasks/promoted.ts';
import { protect, protectOthers, secretsEnded } from './tasks/protect.ts';
import { proven } from './tasks/proven.ts';
import { report } from './tasks/report.ts';
import { restore } from './tasks/restore.ts';
import { rotate } from './tasks/rotate.ts';
import { secretFailed } from './tasks/secret-failed.ts';
import { settle } from './tasks/settle.ts';
import { stageFailed } from './tasks/stage-failed.ts';
import { start, started } from './tasks/start.ts';
import { stop } from './tasks/stop.ts';
import { tell } from './tasks/tell.ts';

/**
 * May run again after a crash, with the same arguments.
 * @param execution ARN of the execution
 * @param progress what the state before left; parsed by the task
 */
type Task = (doors: EmergencyDoors, execution: string, progress: unknown) => Promise<object>;

const tasks = {
  begin,
  announce,
  contain,
  stop,
  protect,
  protectOthers,
  secretsEnded,
  prepare,
  rotate,
  promoted,
  follow,
  proven,
  looked,
  secretFailed,
  start,
  started,
  settle,
  accessAudit,
  report,
  tell,
  end,
  stageFailed,
  restore,
  lift,
} satisfies Record<string, Task>;
export type EmergencyTask = keyof typeof tasks;
export const taskNames = Object.keys(tasks) as [EmergencyTask, ...EmergencyTask[]];

const eventSchema = z.object({
  task: z.enum(taskNames),
  execution: z.string().startsWith('arn:'),
  progress: z.unknown(),
});

export async function runTask(doors: EmergencyDoors, given: unknown): Promise<object> {
  try {
    if (typeof given === 'object' && given !== null && 'detail-type' in given) {
      return await executionEnded(doors, endedEventSchema.parse(given));
    }
    const { task, execution, progress } = eventSchema.parse(given);
    const answer = await tasks[task](doors, execution, progress);
    const { id, key } = (progress ?? {}) as Record<string, string>;
    doors.log.info('task', { task, emergency: id, key, execution });
    return answer;
  } catch (error) {
    throw printable(error);
  }
}

/** Step Functions keeps an error's message as the cause: only messages of our own get there. */
function printable(error: unknown): Error {
  if (error instanceof z.ZodError) {
    return new InvalidTaskError(error.issues[0]?.path.join('.') ?? '');
  }
  const { code, name } = error as { code?: unknown; name?: string };
  return error instanceof Error && typeof code === 'string' && code.startsWith('ERR_ROTATION_')
    ? error
    : new UnexpectedError(name ?? 'Something');
}

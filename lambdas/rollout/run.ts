/** One function for every task of the rollout machine, and for the operations of others; chosen by a table. */
import * as z from 'zod';
import { consumerPostureSchema } from '../../domain/events/operator-requests.ts';
import { stopConsumersSchema } from '../../domain/events/rollout.ts';
import type { RolloutDoors } from './doors.ts';
import { stopOrStart } from './operations/counts.ts';
import { posture } from './operations/posture.ts';
import { printable } from './printable.ts';
import { baseline } from './tasks/baseline.ts';
import { begin } from './tasks/begin.ts';
import { failed, healthy, unhealthy } from './tasks/end.ts';
import { health } from './tasks/health.ts';
import { lock } from './tasks/lock.ts';
import { restart } from './tasks/restart.ts';
import { steady } from './tasks/steady.ts';

/**
 * May run again after a crash, with the same arguments.
 * @param execution ARN of the execution
 * @param progress what the state before left; parsed by the task
 */
type Task = (doors: RolloutDoors, execution: string, progress: unknown) => Promise<object>;

const tasks = {
  begin,
  lock,
  baseline,
  restart,
  steady,
  health,
  healthy,
  unhealthy,
  failed,
} satisfies Record<string, Task>;
export type RolloutTask = keyof typeof tasks;

const eventSchema = z.union([
  z.object({
    task: z.enum(Object.keys(tasks) as [RolloutTask, ...RolloutTask[]]),
    execution: z.string().startsWith('arn:'),
    progress: z.unknown(),
  }),
  consumerPostureSchema,
  stopConsumersSchema,
]);

/**
 * @param serves posture: of what on-call may invoke. IAM sees no payload, so that function does nothing else, and its
 *   role may do nothing else
 */
export async function run(
  doors: RolloutDoors,
  given: unknown,
  serves: 'everything' | 'posture' = 'everything',
): Promise<object> {
  try {
    if (serves === 'posture') return await posture(doors, consumerPostureSchema.parse(given));
    const event = eventSchema.parse(given);
    if ('task' in event) {
      const { task, execution, progress } = event;
      const answer = await tasks[task](doors, execution, progress);
      const { secretName, versionId, consumer, round } = progress as Record<string, string>;
      doors.log.info('rollout', { task, secret: secretName, versionId, consumer, round });
      return answer;
    }
    return event.operation === 'posture'
      ? await posture(doors, event)
      : await stopOrStart(doors, event);
  } catch (error) {
    throw printable(error);
  }
}

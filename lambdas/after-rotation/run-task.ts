/** One function for every task of AfterRotation, and of the re-encryption outside its VPC; chosen by a table. */
import * as z from 'zod';
import type { AfterRotationDoors } from './doors.ts';
import { InvalidTaskError, UnexpectedError } from './errors.ts';
import { activate } from './tasks/activate.ts';
import { audit } from './tasks/audit.ts';
import { awaitConsumers } from './tasks/await-consumers.ts';
import { begin } from './tasks/begin.ts';
import { finish } from './tasks/finish.ts';
import { judgeRollout } from './tasks/judge-rollout.ts';
import { maintain } from './tasks/maintain.ts';
import { nextWave } from './tasks/next-wave.ts';
import { recordProof } from './tasks/record-proof.ts';
import { redeploy } from './tasks/redeploy.ts';
import { reencrypt } from './tasks/reencrypt.ts';
import { reencryptionEnded } from './tasks/reencryption-ended.ts';
import { reencryptionStopped } from './tasks/reencryption-stopped.ts';
import { resumeAfterRotation } from './tasks/resume-after-rotation.ts';
import { prepareRollBack, rollBack, rolledBack } from './tasks/roll-back.ts';
import { activated, settled } from './tasks/settled.ts';
import { stop } from './tasks/stop.ts';
import { stopConsumers } from './tasks/stop-consumers.ts';

/**
 * May run again after a crash, with the same arguments.
 * @param execution ARN of the execution
 * @param progress what the state before left; parsed by the task
 */
type Task = (doors: AfterRotationDoors, execution: string, progress: unknown) => Promise<object>;

export const taskNames = [
  'begin',
  'settled',
  'activate',
  'activated',
  'recordProof',
  'awaitConsumers',
  'audit',
  'finish',
  'nextWave',
  'judgeRollout',
  'prepareRollBack',
  'rollBack',
  'rolledBack',
  'redeploy',
  'stop',
  'maintain',
  'stopConsumers',
  'reencrypt',
  'resumeAfterRotation',
  'reencryptionEnded',
  'reencryptionStopped',
] as const;
export type TaskName = (typeof taskNames)[number];

const tasks: Record<TaskName, Task> = {
  begin,
  settled,
  activate,
  activated,
  recordProof,
  awaitConsumers,
  audit,
  finish,
  nextWave,
  judgeRollout,
  prepareRollBack,
  rollBack,
  rolledBack,
  redeploy,
  stop,
  maintain,
  stopConsumers,
  reencrypt,
  resumeAfterRotation,
  reencryptionEnded,
  reencryptionStopped,
};

const eventSchema = z.object({
  task: z.enum(taskNames),
  execution: z.string().startsWith('arn:'),
  progress: z.unknown(),
});

export async function runTask(doors: AfterRotationDoors, given: unknown): Promise<object> {
  try {
    const { task, execution, progress } = eventSchema.parse(given);
    const answer = await tasks[task](doors, execution, progress);
    const { secretName, versionId } = progress as Record<string, string>;
    doors.log.info('after-rotation', { task, secret: secretName, versionId, execution });
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

/** One request, one answer; what fails is told without a value. */
import { failureOf } from '../rotation/failure.ts';
import type { Tools } from './doors.ts';
import { operate } from './operations/operate.ts';
import { runTask } from './run-task.ts';

/** @throws RotationStepError: by its name the machine knows what passes and what lasts */
export async function answer(tools: Tools, event: unknown): Promise<object> {
  try {
    const isOperation = typeof event === 'object' && event !== null && 'operation' in event;
    return await (isOperation ? operate(tools, event) : runTask(tools, event));
  } catch (error) {
    const { code, message, frames, error: told } = failureOf(error, 'the re-encryption');
    tools.log.error('failed', { code, reason: message, frames });
    throw told;
  }
}

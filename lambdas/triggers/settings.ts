/** The triggers this function was deployed for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAs } from '../../domain/events/read-as.ts';
import { type TriggerSettings, triggerSettingsSchema } from './environment.ts';
import { TriggerSettingsError } from './errors.ts';

/** `taskRoot`: the folder of the bundle (LAMBDA_TASK_ROOT). @throws TriggerSettingsError */
export function deployedTriggers(taskRoot: string): TriggerSettings {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(taskRoot, 'triggers.json'), 'utf8'));
  } catch {
    throw new TriggerSettingsError('is missing, or not JSON');
  }
  const parsed = readAs(triggerSettingsSchema, json);
  if (!parsed.success) throw new TriggerSettingsError('does not fit');
  return parsed.data;
}

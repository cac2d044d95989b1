/** One event of a rule: handled, or refused and told. What throws is tried again by Lambda, then a dead letter. */
import type { Manifest } from '../../domain/config/manifest.ts';
import type { TriggeredSecret } from '../../domain/events/triggers.ts';
import { failureOf } from '../rotation/failure.ts';
import { deploy } from './deployment.ts';
import type { TriggerDoors } from './doors.ts';
import type { TriggerSettings } from './environment.ts';
import { TriggerRefusedError } from './errors.ts';
import { AllTooSoonError, exposure } from './exposure.ts';
import type { Handling } from './handling.ts';
import { askAgain, offboarding } from './offboarding.ts';
import { type Arrival, parseTrigger, type Trigger } from './parse-trigger.ts';
import { tellRefusal } from './tell.ts';

export interface TriggersOptions {
  readonly doors: TriggerDoors;
  readonly manifest: () => Promise<Manifest>;
  readonly settings: TriggerSettings;
  readonly deployment: string;
  readonly accounts: readonly string[];
  /** Of this function. */
  readonly account: string;
  /** ARN of the machine of emergencies; absent where exposures are not taken. */
  readonly emergencyMachine: string | undefined;
}

export type Handled =
  | { outcome: 'handled'; secrets: readonly TriggeredSecret[] }
  | { outcome: 'refused'; code: string }
  | { outcome: 'unrelated' }
  | { outcome: 'askedAgain'; left: number };

/** @throws RotationStepError: nothing leaves that could hold a value */
export async function handle(options: TriggersOptions, event: unknown): Promise<Handled> {
  const { doors, deployment } = options;
  try {
    return await dispatch(options, event);
  } catch (error) {
    if (error instanceof TriggerRefusedError) {
      const more =
        error instanceof AllTooSoonError ? { secrets: [...error.secrets], by: error.by } : {};
      await tellRefusal(doors, deployment, event, error, more);
      return { outcome: 'refused', code: error.code };
    }
    const { code, message, frames, error: printable } = failureOf(error, 'a trigger');
    doors.log.error('failed', { code, reason: message, frames });
    throw printable;
  }
}

async function dispatch(options: TriggersOptions, event: unknown): Promise<Handled> {
  const { doors, settings, deployment } = options;
  const parsed = parseTrigger(event, options);
  if (parsed.kind === 'unrelated') {
    doors.log.info('finding', { type: parsed.type, secrets: [] });
    return { outcome: 'unrelated' };
  }
  const { emergencyMachine } = options;
  const manifest = await options.manifest();
  const handling = { doors, manifest, settings, deployment, emergencyMachine };
  if (parsed.kind === 'tick') return { outcome: 'askedAgain', left: await askAgain(handling) };
  return { outcome: 'handled', secrets: await answer(handling, parsed.arrival, parsed) };
}

function answer(
  handling: Handling,
  arrival: Arrival,
  asked: Trigger,
): Promise<readonly TriggeredSecret[]> {
  switch (asked.trigger) {
    case 'exposure':
      return exposure(handling, arrival, asked.asked);
    case 'offboarding':
      return offboarding(handling, arrival, asked.asked);
    case 'deployment':
      return deploy(handling, arrival, asked.asked);
  }
}

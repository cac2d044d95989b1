/** What every trigger is handled with. */
import type { Manifest, ManifestSecret } from '../../domain/config/manifest.ts';
import type { TriggeredSecret } from '../../domain/events/triggers.ts';
import type { TriggerDoors } from './doors.ts';
import type { TriggerSettings } from './environment.ts';
import { TriggerRefusedError } from './errors.ts';
import type { Arrival } from './parse-trigger.ts';

export interface Handling {
  readonly doors: TriggerDoors;
  readonly manifest: Manifest;
  readonly settings: TriggerSettings;
  /** `<name>/<environment>`. */
  readonly deployment: string;
  /** ARN of the machine of emergencies; absent where exposures are not taken. */
  readonly emergencyMachine: string | undefined;
}

/** @throws TriggerRefusedError: nothing is rotated where one of the names is not known */
export function secretsNamed(
  { secrets }: Pick<Manifest, 'secrets'>,
  keys: readonly string[],
): ManifestSecret[] {
  return [...new Set(keys)].map((key) => {
    const secret = secrets.find((candidate) => candidate.key === key);
    if (secret === undefined) {
      throw new TriggerRefusedError(
        'ERR_ROTATION_TRIGGER_UNKNOWN_SECRET',
        `The event names "${key}"; expected keys of this deployment's secrets: ${secrets.map((known) => known.key).join(', ')}. Nothing was rotated: mend the name and send it under a new id.`.slice(
          0,
          1024,
        ),
      );
    }
    return secret;
  });
}

/**
 * Was this trigger handled before?
 * @returns 'handled': the same event, delivered once more
 * @throws TriggerRefusedError when somebody sent another event under its id
 */
export async function known(
  { records }: Pick<TriggerDoors, 'records'>,
  requestId: string,
  { eventId, mayRepeat }: Arrival,
): Promise<'new' | 'handled' | 'begun'> {
  const record = await records.getTrigger(requestId);
  if (record === undefined) return 'new';
  if (record.eventId === eventId) return record.done ? 'handled' : 'begun';
  if (mayRepeat) return 'handled';
  throw replayed(requestId, record.at, record.eventId);
}

export const replayed = (requestId: string, at: string, eventId: string): TriggerRefusedError =>
  new TriggerRefusedError(
    'ERR_ROTATION_TRIGGER_REPLAYED',
    `A trigger with the id ${requestId} was accepted at ${at} (event ${eventId}); expected an id nobody has used. Nothing was rotated. If it is meant, send it under a new id; if you did not send it, somebody repeats what was sent.`,
  );

/** Names and codes: what an error of ours says holds no value, of any other only the class is told. */
export function failureIn(error: unknown): Required<Pick<TriggeredSecret, 'code' | 'message'>> {
  const { name, code, message } = error as { name?: string; code?: unknown; message?: unknown };
  return typeof code === 'string' && code.startsWith('ERR_ROTATION_')
    ? { code, message: String(message).slice(0, 1024) }
    : {
        code: 'ERR_ROTATION_UNEXPECTED',
        message: `it met an unexpected ${String(name ?? 'error').slice(0, 64)}`,
      };
}

export const reasonOf = (trigger: string, reason: string | undefined): string =>
  reason === undefined ? trigger : `${trigger}: ${reason}`;

/** What triggers have to do with the machine of emergencies: they start it, and look who has which secret. */
import { createHash } from 'node:crypto';
import { type EmergencyInput, emergencyInputSchema } from '../../domain/events/emergency.ts';
import type { TriggerDoors } from './doors.ts';

/** Between a claim and the record of its emergency lies one write. */
const newMilliseconds = 5 * 60_000;

/** The same for every delivery of the same fact: an execution of that name starts once. @param at of the first one */
export function emergencyId(deployment: string, requestId: string, at: string): string {
  const begun = at.slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
  const of = createHash('sha256').update(`exposure\n${deployment}\n${requestId}`).digest('hex');
  return `${begun}z-${of.slice(0, 16)}`;
}

/** Only what an emergency may do that nobody decided on: the named secrets, and no consumer is stopped. */
export async function startEmergency(
  { stepFunctions }: Pick<TriggerDoors, 'stepFunctions'>,
  stateMachineArn: string,
  asked: { id: string } & Pick<EmergencyInput, 'secrets' | 'reason' | 'requestedBy'>,
): Promise<void> {
  const input = { ...asked, unattended: true, keepRunning: true };
  // An input that does not fit would be an execution that fails at once, and a secret that nobody changes.
  emergencyInputSchema.parse(input);
  await stepFunctions.startExecution({ stateMachineArn, name: asked.id, input });
}

export interface UnderWay {
  readonly id: string;
  /** It has changed that secret already: what is exposed now may be what came with it. */
  readonly changedAt?: string | undefined;
}

/** Emergencies that are running, by the keys of the secrets they have taken. @param keys of these */
export async function underWay(
  {
    emergencies,
    stepFunctions,
    clock,
  }: Pick<TriggerDoors, 'emergencies' | 'stepFunctions' | 'clock'>,
  keys: readonly string[],
): Promise<ReadonlyMap<string, UnderWay>> {
  const taken = new Map<string, UnderWay>();
  for (const { id, secrets, at } of await emergencies.getClaims()) {
    const asked = secrets.filter((key) => keys.includes(key));
    if (asked.length === 0) continue;
    const head = await emergencies.getEmergency(id);
    const isNew = clock.now().getTime() - new Date(at).getTime() < newMilliseconds;
    const runs =
      head === undefined
        ? isNew
        : head.state === 'running' && (await stepFunctions.isRunning(head.execution));
    if (!runs) continue;
    for (const key of asked) {
      const changedAt = (await emergencies.getSecret(id, key))?.promotedAt;
      taken.set(key, { id, changedAt });
    }
  }
  return taken;
}

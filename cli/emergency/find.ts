/** An emergency that was begun before, as a person names it: by its id, or as the newest. */
import { type EmergencyRecord, emergencyIdSchema } from '../../domain/events/emergency.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { OpenDeployment } from '../command.ts';
import { UsageError } from '../errors.ts';
import { executionArn } from './begin.ts';
import { UnknownEmergencyError } from './errors.ts';
import type { Followed } from './look.ts';

/** @throws UsageError, UnknownEmergencyError */
export async function findEmergency(
  deployment: OpenDeployment,
  id: string,
): Promise<EmergencyRecord> {
  assertId(id);
  const head = await deployment.emergencyRecords.getEmergency(id);
  return head ?? unknown(deployment, `has no emergency ${id}`);
}

/** @param id absent: the newest @throws UsageError, UnknownEmergencyError */
export async function findFollowed(
  deployment: OpenDeployment,
  id: string | undefined,
): Promise<Followed> {
  if (id !== undefined) {
    assertId(id);
    const head = await deployment.emergencyRecords.getEmergency(id);
    if (head !== undefined) return { id };
    // It may have begun a moment ago, and nothing be recorded yet.
    const execution = executionArn(deployment, id);
    if (await deployment.stepFunctions.isRunning(execution)) return { id, execution };
    return unknown(deployment, `has no emergency ${id}`);
  }
  const [newest] = await deployment.emergencyRecords.getEmergencies(1);
  return newest ?? unknown(deployment, 'has had no emergency yet, and no drill');
}

function assertId(id: string): void {
  if (readAs(emergencyIdSchema, id).success) return;
  throw new UsageError(
    `"${id.slice(0, 60)}" is no id of an emergency; expected one such as 20261123t101500z-9f2c41aa07be63d1. \`npx quarterturn emergency --list\` tells them.`,
  );
}

async function unknown(
  { manifest: { name, environment }, emergencyRecords }: OpenDeployment,
  what: string,
): Promise<never> {
  const some = await emergencyRecords.getEmergencies(3);
  const there = some.map(({ id }) => id).join(', ');
  throw new UnknownEmergencyError(
    `Deployment ${name}/${environment} ${what}; expected ${there === '' ? 'one that was begun' : `one of those there are, the newest: ${there}`}.`,
  );
}

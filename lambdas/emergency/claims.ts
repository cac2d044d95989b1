/** Two emergencies over one secret would preempt each other for ever: each takes its secrets, by compare-and-swap. */
import type { EmergencyRecord } from '../../domain/events/emergency.ts';
import type { Claim } from '../../doors/emergency-records.ts';
import type { EmergencyDoors } from './doors.ts';
import { SecretsTakenError } from './errors.ts';
import { keysOf } from './secrets.ts';

type Doors = Pick<EmergencyDoors, 'records' | 'stepFunctions' | 'clock'>;

/** Between a claim and the record of its emergency lies one write. */
const newMilliseconds = 5 * 60_000;
const attempts = 10;

/**
 * A drill takes nothing. A person's emergency passes one that an event began: whoever may send events must not be able
 * to keep people from acting.
 * @throws SecretsTakenError
 */
export async function claimSecrets(doors: Doors, record: EmergencyRecord): Promise<void> {
  if (record.drill) return;
  const { id, unattended } = record;
  const secrets = keysOf(record);
  const claim = { id, secrets, unattended, at: doors.clock.now().toISOString() };
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const looked = await doors.records.getClaims();
    const others: Claim[] = [];
    for (const other of looked) {
      if (other.id !== id && (await stands(doors, other))) others.push(other);
    }
    for (const other of others) {
      const taken = other.secrets.filter((key) => secrets.includes(key));
      if (taken.length > 0 && (unattended || !other.unattended)) {
        throw new SecretsTakenError(other.id, taken);
      }
    }
    if (await doors.records.replaceClaims(looked, [...others, claim])) return;
  }
  throw new SecretsTakenError('unknown', secrets);
}

/** Has it its secrets still? */
export async function stands(doors: Doors, { id, at }: Claim): Promise<boolean> {
  const head = await doors.records.getEmergency(id);
  if (head === undefined) {
    return doors.clock.now().getTime() - new Date(at).getTime() < newMilliseconds;
  }
  // Nobody may have been told that it died.
  return head.state === 'running' && doors.stepFunctions.isRunning(head.execution);
}

/** Of one that has ended. */
export async function releaseSecrets(
  { records }: Pick<EmergencyDoors, 'records'>,
  id: string,
): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const looked = await records.getClaims();
    const others = looked.filter((claim) => claim.id !== id);
    if (others.length === looked.length) return;
    if (await records.replaceClaims(looked, others)) return;
  }
}

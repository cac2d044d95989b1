/** One copy: what a target of any sort is given, and answers. */
import type { Evidence } from '../../../domain/events/control-records.ts';
import type { SyncDoors } from '../doors.ts';

export interface Copy<Target> {
  readonly target: Target;
  /** What is copied. */
  readonly text: string;
  /** Version of the secret it is from. */
  readonly versionId: string;
  readonly deployment: string;
}

/**
 * Writes it and reads back what can be read. May run again with the same arguments.
 * @returns what was found, for the audit event; never a value
 * @throws errors whose `code` begins with ERR_ROTATION_ and whose message holds no value
 */
export type MakeCopy<Target> = (
  doors: SyncDoors,
  copy: Copy<Target>,
) => Promise<NonNullable<Evidence['detail']>>;

/** `preempt`, an operation of every rotation function: clears the way for an emergency or a rollback. */
import * as z from 'zod';

export interface PreemptRequest {
  readonly operation: 'preempt';
  /** ClientRequestToken of the rotation the way is cleared for: the only one let through until the lease ends. */
  readonly token: string;
  /** At most 256 characters. */
  readonly owner: string;
  /** How long the lease lasts unless that rotation is promoted before; 60 at most. */
  readonly minutes: number;
  /** AWSCURRENT, as it was looked at: where it is another by now, nothing is cleared. */
  readonly current?: string | undefined;
}

export const preemptedSchema = z.object({
  /** The rotation that was in flight. */
  preempted: z.string().optional(),
  /** Its version is kept: the target accepts it, or did not answer. */
  pinned: z.boolean(),
  stoppedAfterRotation: z.boolean(),
});
export type Preempted = z.infer<typeof preemptedSchema>;

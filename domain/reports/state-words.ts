/** The states of a secret, as tables show them. */
import type { SecretState } from './status-report.ts';

export const stateWords: Record<SecretState, string> = {
  uninitialised: 'no value yet',
  unarmed: 'not armed',
  current: 'current',
  due: 'due',
  overdue: 'OVERDUE',
  rotating: 'rotating',
  afterRotationDue: 'AfterRotation due',
  afterRotationRunning: 'AfterRotation running',
  afterRotationStopped: 'AfterRotation STOPPED',
  publishedKeyWaits: 'published key waits',
  held: 'on hold',
  leased: 'leased',
  rotationDisabled: 'rotation OFF',
  unmanagedWrite: 'written by hand',
  badDate: 'age unreadable',
  unreadable: 'unreadable',
  userManaged: 'user-managed',
};

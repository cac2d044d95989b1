/** What every operation works with. */
import type { SandboxClock } from '../clock.ts';
import type { EventsPort, IamPort, KmsPort, LambdaPort, TrailPort } from '../ports.ts';
import type { Rotations } from './rotation.ts';
import type { NativeSchedule } from './schedule.ts';
import type { ServiceEvents } from './service-events.ts';
import type { SecretStore } from './store.ts';
import type { SecretValues } from './values.ts';

export interface SecretsManagerPorts {
  account: string;
  region: string;
  clock: SandboxClock;
  iam: IamPort;
  kms: KmsPort;
  lambda: LambdaPort;
  events: EventsPort;
  /** Hears of each secret a batch reads. @default nobody */
  trail?: Pick<TrailPort, 'secretRead'>;
}

/** Where documentation and observation disagree, a test chooses which the service is. */
export interface Behaviour {
  /**
   * Who takes AWSPENDING off the version that became AWSCURRENT.
   * - serviceStrips:   the service, once finishSecret has returned (maintainer, rotation lambdas PR 145)
   * - withTheMove:     the service, in the UpdateSecretVersionStage of a rotation that moves AWSCURRENT (user guide)
   * - leftForClient:   nobody; both labels stay (rotation lambdas issue 168)
   */
  pendingEndState: 'serviceStrips' | 'withTheMove' | 'leftForClient';
  /** RotateImmediately=false: does the AWSPENDING version for testSecret hold the current value? */
  testVersion: 'copyOfCurrent' | 'withoutValue';
}

export interface Backend extends SecretsManagerPorts {
  readonly store: SecretStore;
  readonly values: SecretValues;
  readonly rotations: Rotations;
  readonly schedule: NativeSchedule;
  readonly serviceEvents: ServiceEvents;
  readonly behaviour: Behaviour;
  /** Is this ListSecrets answer to be a stale one? */
  takeStaleListing(): boolean;
}

/** What the access audit needs of the outside world; exactly these methods, so that its role is as small. */
import type { AthenaDoor } from '../../doors/athena.ts';
import type { Clock } from '../../doors/clock.ts';
import type { CloudTrailDoor } from '../../doors/cloud-trail.ts';
import type { FunctionRolesDoor } from '../../doors/function-roles.ts';
import type { Log } from '../../doors/log.ts';
import type { PolicyHoldersDoor } from '../../doors/policy-holders.ts';

export interface AccessAuditDoors {
  history: CloudTrailDoor;
  /** Absent: the deployment knows no trail. */
  trail: AthenaDoor | undefined;
  policies: PolicyHoldersDoor;
  functions: Pick<FunctionRolesDoor, 'roleOf'>;
  clock: Clock;
  log: Log;
}

/** What the cadence needs of the outside world; exactly these methods, so that its role is as small. */
import type { Clock } from '../../doors/clock.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { Log } from '../../doors/log.ts';
import type { MetricsDoor } from '../../doors/metrics.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { StepFunctionsDoor } from '../../doors/step-functions.ts';

export interface CadenceDoors {
  secretsManager: Pick<SecretsManagerDoor, 'listTagged' | 'describe' | 'rotate' | 'currentSince'>;
  controlTable: Pick<
    ControlTableDoor,
    | 'getIntent'
    | 'putIntent'
    | 'getRotation'
    | 'getAfterRotation'
    | 'getLease'
    | 'getHold'
    | 'getAdoption'
    | 'getNotice'
    | 'putNotice'
    | 'putOverdue'
    | 'putReminder'
    | 'getReencryption'
  >;
  stepFunctions: StepFunctionsDoor;
  eventBus: EventBusDoor;
  metrics: MetricsDoor;
  clock: Clock;
  log: Log;
}

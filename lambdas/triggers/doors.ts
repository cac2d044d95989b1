/** What triggers need of the outside world; exactly these methods, so that the role is as small. It reads no value. */
import type { Clock } from '../../doors/clock.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { EmergencyRecordsDoor } from '../../doors/emergency-records.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { Log } from '../../doors/log.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { StepFunctionsDoor } from '../../doors/step-functions.ts';
import type { TriggerRecordsDoor } from '../../doors/trigger-records.ts';

export interface TriggerDoors {
  secretsManager: Pick<SecretsManagerDoor, 'describe' | 'rotate'>;
  controlTable: Pick<
    ControlTableDoor,
    'putIntent' | 'getAfterRotation' | 'getLease' | 'getAdoption' | 'getReencryption'
  >;
  records: TriggerRecordsDoor;
  /** Which emergency has which secrets now. */
  emergencies: Pick<EmergencyRecordsDoor, 'getClaims' | 'getEmergency' | 'getSecret'>;
  stepFunctions: StepFunctionsDoor;
  eventBus: EventBusDoor;
  clock: Clock;
  log: Log;
}

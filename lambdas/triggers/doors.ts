/** What triggers need of the outside world; exactly these methods, so that the role is as small. It reads no value. */
import type { Clock } from '../../doors/clock.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { FunctionsDoor } from '../../doors/function-answer.ts';
import type { Log } from '../../doors/log.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { TriggerRecordsDoor } from '../../doors/trigger-records.ts';

export interface TriggerDoors {
  secretsManager: Pick<SecretsManagerDoor, 'describe' | 'rotate'>;
  controlTable: Pick<
    ControlTableDoor,
    | 'putIntent'
    | 'getAfterRotation'
    | 'getAfterRotations'
    | 'getLease'
    | 'getAdoption'
    | 'getReencryption'
    | 'putCompromised'
  >;
  records: TriggerRecordsDoor;
  /** The secret's own function, to clear the way for an emergency. */
  functions: FunctionsDoor;
  eventBus: EventBusDoor;
  clock: Clock;
  log: Log;
}

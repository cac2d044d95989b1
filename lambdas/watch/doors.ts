/** What the watch needs of the outside world; exactly these methods, so that its role is as small. */
import type { Clock } from '../../doors/clock.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { FunctionsDoor } from '../../doors/function-answer.ts';
import type { Log } from '../../doors/log.ts';
import type { MetricsDoor } from '../../doors/metrics.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';

export interface WatchDoors {
  secretsManager: Pick<SecretsManagerDoor, 'describe'>;
  controlTable: Pick<
    ControlTableDoor,
    'getIntent' | 'getRotation' | 'getAfterRotation' | 'getTold' | 'putTold'
  >;
  functions: FunctionsDoor;
  eventBus: EventBusDoor;
  metrics: MetricsDoor;
  clock: Clock;
  log: Log;
}

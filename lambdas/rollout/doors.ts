/** What the rollout of a consumer needs of the outside world; exactly these methods. */
import type { Clock } from '../../doors/clock.ts';
import type { ConsumerRecordsDoor } from '../../doors/consumer-records.ts';
import type { EcsDoor } from '../../doors/ecs.ts';
import type { FunctionDescriptionDoor } from '../../doors/function-description.ts';
import type { Log } from '../../doors/log.ts';
import type { RolloutRecordsDoor } from '../../doors/rollout-records.ts';
import type { ConsumerSettings } from './environment.ts';
import type { Platforms } from './platform.ts';

export interface RolloutDoors {
  records: ConsumerRecordsDoor & Pick<RolloutRecordsDoor, 'getRollouts'>;
  platforms: Platforms;
  /** For posture: what is deployed, without its values. */
  deployed: {
    ecs: Pick<EcsDoor, 'look' | 'taskDefinition'>;
    functions: Pick<FunctionDescriptionDoor, 'look'>;
  };
  consumers: readonly ConsumerSettings[];
  clock: Clock;
  log: Log;
}

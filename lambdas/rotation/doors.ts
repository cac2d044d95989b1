/** What the core needs of the outside world. Tests hand in doors that fail on purpose. */
import { type Clock, systemClock } from '../../doors/clock.ts';
import { type ControlTableDoor, controlTable } from '../../doors/control-table.ts';
import { type Log, lambdaLog } from '../../doors/log.ts';
import { kmsRandom, localRandom, type RandomSource } from '../../doors/random.ts';
import { type SecretsManagerDoor, secretsManager } from '../../doors/secrets-manager.ts';

export interface RotationDoors {
  secretsManager: SecretsManagerDoor;
  controlTable: ControlTableDoor;
  kmsRandom: RandomSource;
  localRandom: RandomSource;
  clock: Clock;
  log: Log;
}

export function awsDoors(environment: {
  CONTROL_TABLE: string;
  SECRET_NAME: string;
}): RotationDoors {
  return {
    secretsManager: secretsManager(),
    controlTable: controlTable(environment.CONTROL_TABLE),
    kmsRandom: kmsRandom(),
    localRandom,
    clock: systemClock,
    log: lambdaLog(environment.SECRET_NAME),
  };
}

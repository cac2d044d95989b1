/** What the core needs of the outside world. Tests hand in doors that fail on purpose. */
import { type Clock, systemClock } from '../../doors/clock.ts';
import { type ControlTableDoor, controlTable } from '../../doors/control-table.ts';
import type { EscrowDoor, EscrowReader } from '../../doors/escrow.ts';
import { type Log, lambdaLog } from '../../doors/log.ts';
import { kmsRandom, localRandom, type RandomSource } from '../../doors/random.ts';
import { type SecretsManagerDoor, secretsManager } from '../../doors/secrets-manager.ts';
import { assertTrustedEnvironment } from './posture.ts';

export interface RotationDoors {
  secretsManager: SecretsManagerDoor;
  controlTable: ControlTableDoor;
  /** Of the rooms whose values must not exist once only. */
  escrow?: EscrowDoor & Partial<Pick<EscrowReader, 'list'>>;
  kmsRandom: RandomSource;
  localRandom: RandomSource;
  clock: Clock;
  log: Log;
}

/** The real doors of a deployed function. @throws UntrustedEnvironmentError before any is opened */
export function awsDoors(environment: {
  CONTROL_TABLE: string;
  SECRET_NAME: string;
}): RotationDoors {
  assertTrustedEnvironment(process.env);
  return {
    secretsManager: secretsManager(),
    controlTable: controlTable(environment.CONTROL_TABLE),
    kmsRandom: kmsRandom(),
    localRandom,
    clock: systemClock,
    log: lambdaLog(environment.SECRET_NAME),
  };
}

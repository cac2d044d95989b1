/** Restores rows of one encryption secret from escrow alone; invoked by `quarterturn drill --escrow`. */
import type { DrillAnswer } from '../../domain/events/drill.ts';
import { certificateAuthorities } from '../../doors/certificate-authorities.ts';
import { systemClock } from '../../doors/clock.ts';
import { declaredColumns } from '../../doors/declared-columns.ts';
import { escrow } from '../../doors/escrow.ts';
import { lambdaLog } from '../../doors/log.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { escrowPlace } from '../rotation/escrow-environment.ts';
import { failureOf } from '../rotation/failure.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { type DrillSettings, drill } from './drill.ts';
import { drillEnvironmentSchema } from './environment.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(drillEnvironmentSchema, process.env);
const { LAMBDA_TASK_ROOT: taskRoot = '' } = process.env;
const settings: DrillSettings = {
  secretName: environment.SECRET_NAME,
  field: environment.FIELD,
  bits: environment.BITS,
  encoding: environment.ENCODING,
  columns: declaredColumns(taskRoot),
  databaseSecretArn: environment.DATABASE_SECRET_ARN,
  endpoint: {
    host: environment.DATABASE_HOST,
    port: environment.DATABASE_PORT,
    dbname: environment.DATABASE_NAME,
    ca: certificateAuthorities(environment.CA, taskRoot),
  },
};
const doors = {
  escrow: escrow(escrowPlace(environment)),
  secretsManager: secretsManager(),
  postgres: nodePostgres,
  clock: systemClock,
};
const log = lambdaLog(environment.SECRET_NAME);

export async function handler(event: unknown): Promise<DrillAnswer> {
  try {
    const answer = await drill(doors, settings, event);
    const { copy, kidsMissing, outcome } = answer;
    log.info('drill', {
      secret: settings.secretName,
      versionId: copy.versionId,
      outcome,
      opened: answer.columns.reduce((sum, { opened }) => sum + opened, 0),
      sampled: answer.columns.reduce((sum, { sampled }) => sum + sampled, 0),
      kidsMissing,
    });
    return answer;
  } catch (error) {
    const { code, message, frames, error: printable } = failureOf(error, 'drill');
    log.error('failed', {
      secret: settings.secretName,
      step: 'drill',
      code,
      reason: message,
      frames,
    });
    throw printable;
  }
}

/** The function that moves the rows of one encryption secret: tasks of its machine, operations of the command line. */
import { algorithmFor } from '../../domain/secrets/keyset-material.ts';
import { certificateAuthorities } from '../../doors/certificate-authorities.ts';
import { systemClock } from '../../doors/clock.ts';
import { controlTable } from '../../doors/control-table.ts';
import { declaredColumns, neighbouringColumns } from '../../doors/declared-columns.ts';
import { lambdaLog } from '../../doors/log.ts';
import { embeddedMetrics } from '../../doors/metrics.ts';
import { pooledRandom } from '../../doors/pooled-random.ts';
import { bulkPostgres } from '../../doors/postgres/bulk-session.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { answer } from './answer.ts';
import { cipherIn } from './cipher.ts';
import type { Deployed, ReencryptionDoors } from './doors.ts';
import { reencryptionEnvironmentSchema } from './environment.ts';
import { workerLimits } from './limits.ts';
import { planLimits } from './plan.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(reencryptionEnvironmentSchema, process.env);
const taskRoot = process.env.LAMBDA_TASK_ROOT ?? import.meta.dirname;
const format = { encoding: environment.ENCODING, bits: environment.BITS };

const deployed: Deployed = {
  secretName: environment.SECRET_NAME,
  secretArn: environment.SECRET_ARN,
  rowsSecretArn: environment.ROWS_SECRET_ARN,
  keyset: { ...format, field: environment.FIELD, alg: algorithmFor('encryption', format) },
  developmentFallbacks: environment.ENVIRONMENT === 'dev' ? 'allowed' : 'refused',
  mode: environment.MODE,
  workers: environment.WORKERS,
  readerCacheSeconds: environment.READER_CACHE_SECONDS,
  stores: environment.STORES?.split(',') ?? [],
  endpoint: {
    host: environment.DATABASE_HOST,
    port: environment.DATABASE_PORT,
    dbname: environment.DATABASE_NAME,
    ca: certificateAuthorities(environment.CA, taskRoot),
  },
  engines: environment.ENGINES.split(','),
  columns: declaredColumns(taskRoot),
  neighbours: neighbouringColumns(taskRoot),
  cipherOf: cipherIn(environment.MODE),
  limits: workerLimits,
  planLimits,
};
const doors: ReencryptionDoors = {
  secretsManager: secretsManager(),
  controlTable: controlTable(environment.CONTROL_TABLE),
  postgres: bulkPostgres,
  metrics: embeddedMetrics(),
  clock: systemClock,
  random: pooledRandom(),
  log: lambdaLog('reencryption'),
};

/** Of the context Lambda hands over (lambda/latest/dg/nodejs-context.html). */
interface Context {
  getRemainingTimeInMillis(): number;
}

export function handler(event: unknown, context: Context): Promise<object> {
  const deadline = new Date(doors.clock.now().getTime() + context.getRemainingTimeInMillis());
  return answer({ ...doors, deployed, deadline }, event);
}

/** The rotation function of one field-encryption secret. */
import { assertHoldsEveryKey } from '../../domain/secrets/holds-every-key.ts';
import { certificateAuthorities } from '../../doors/certificate-authorities.ts';
import { declaredColumns, neighbouringColumns } from '../../doors/declared-columns.ts';
import { escrow } from '../../doors/escrow.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { awsDoors } from '../rotation/doors.ts';
import { escrowPlace } from '../rotation/escrow-environment.ts';
import { rotationHandler } from '../rotation/handler.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import {
  type DeclaredDatabase,
  type EncryptionSettings,
  EncryptionStrategy,
} from './encryption-strategy.ts';
import { encryptionEnvironmentSchema } from './environment.ts';
import { EncryptionDeploymentError } from './errors.ts';
import { inspectEncryption } from './inspect.ts';

const environment = readEnvironment(encryptionEnvironmentSchema, process.env);
const { DATABASE_SECRET_ARN: database, ROWS_SECRET_ARN: rows } = environment;

const settings: EncryptionSettings = {
  field: environment.FIELD,
  bits: environment.BITS,
  encoding: environment.ENCODING,
  developmentFallbacks: environment.ENVIRONMENT === 'dev' ? 'allowed' : 'refused',
};
if (rows !== undefined && database === undefined) {
  throw new EncryptionDeploymentError('DATABASE_SECRET_ARN is missing beside ROWS_SECRET_ARN');
}
const declared = database === undefined ? undefined : declaredDatabase();

export const handler = rotationHandler({
  environment,
  strategy: new EncryptionStrategy(settings, declared),
  inspect: (value, secretString, rotation) =>
    inspectEncryption(value, secretString, rotation, { settings, database: declared }),
  companions: { ...(database && { database }), ...(rows && { rows }) },
  escrowDays: environment.ESCROW_RETENTION_DAYS,
  rowsFollow: declared?.rows !== undefined,
  assertHoldsEveryKey,
  doors: { ...awsDoors(environment), escrow: escrow(escrowPlace(environment)) },
});

function declaredDatabase(): DeclaredDatabase {
  const { DATABASE_HOST: host, DATABASE_PORT: port, DATABASE_NAME: dbname, CA } = environment;
  const { LAMBDA_TASK_ROOT: taskRoot } = process.env;
  if (!host || !port || !dbname || !CA || !taskRoot) {
    throw new EncryptionDeploymentError(
      'DATABASE_HOST, DATABASE_PORT, DATABASE_NAME or CA is missing beside DATABASE_SECRET_ARN',
    );
  }
  const { KEY_RETENTION_DAYS: retentionDays } = environment;
  if (rows !== undefined && retentionDays === undefined) {
    throw new EncryptionDeploymentError('KEY_RETENTION_DAYS is missing beside ROWS_SECRET_ARN');
  }
  return {
    columns: declaredColumns(taskRoot),
    neighbours: neighbouringColumns(taskRoot),
    door: nodePostgres,
    endpoint: { host, port, dbname, ca: certificateAuthorities(CA, taskRoot) },
    ...(rows !== undefined &&
      retentionDays !== undefined && {
        rows: { retentionDays, stores: environment.STORES?.split(',') ?? [] },
      }),
  };
}

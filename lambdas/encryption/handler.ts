/** The rotation function of one field-encryption secret. */
import { assertHoldsEveryKey } from '../../domain/secrets/holds-every-key.ts';
import { certificateAuthorities } from '../../doors/certificate-authorities.ts';
import { declaredColumns } from '../../doors/declared-columns.ts';
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
const { DATABASE_SECRET_ARN: database } = environment;

const settings: EncryptionSettings = {
  field: environment.FIELD,
  bits: environment.BITS,
  encoding: environment.ENCODING,
  developmentFallbacks: environment.ENVIRONMENT === 'dev' ? 'allowed' : 'refused',
};
const declared = database === undefined ? undefined : declaredDatabase();

export const handler = rotationHandler({
  environment,
  strategy: new EncryptionStrategy(settings, declared),
  inspect: (value, secretString, rotation) =>
    inspectEncryption(value, secretString, rotation, { settings, database: declared }),
  companions: database === undefined ? {} : { database },
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
  return {
    columns: declaredColumns(taskRoot),
    door: nodePostgres,
    endpoint: { host, port, dbname, ca: certificateAuthorities(CA, taskRoot) },
  };
}

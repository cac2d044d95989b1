/** The rotation function of one JWT secret. */
import { assertHoldsEveryKey } from '../../domain/secrets/holds-every-key.ts';
import { awsDoors } from '../rotation/doors.ts';
import { rotationHandler } from '../rotation/handler.ts';
import { inspectKeyset } from '../rotation/inspect-keyset.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { jwtEnvironmentSchema } from './environment.ts';
import { type JwtSettings, JwtStrategy } from './jwt-strategy.ts';

const environment = readEnvironment(jwtEnvironmentSchema, process.env);

const settings: JwtSettings = {
  field: environment.FIELD,
  bits: environment.BITS,
  encoding: environment.ENCODING,
  acceptForSeconds: environment.ACCEPT_FOR_SECONDS,
  developmentFallbacks: environment.ENVIRONMENT === 'dev' ? 'allowed' : 'refused',
};

export const handler = rotationHandler({
  environment,
  strategy: new JwtStrategy(settings),
  inspect: async (value, secretString) => inspectKeyset(value, secretString, settings),
  companions: {},
  assertHoldsEveryKey,
  doors: awsDoors(environment),
});

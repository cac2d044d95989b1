/** The rotation function of one user-managed secret. */
import { certificateAuthorities } from '../../doors/certificate-authorities.ts';
import { systemClock } from '../../doors/clock.ts';
import { httpProbe } from '../../doors/http-probe.ts';
import { awsDoors } from '../rotation/doors.ts';
import { rotationHandler } from '../rotation/handler.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { userManagedEnvironmentSchema } from './environment.ts';
import { UserManagedStrategy } from './user-managed-strategy.ts';
import { fingerprint } from './value.ts';

const environment = readEnvironment(userManagedEnvironmentSchema, process.env);

const door = httpProbe({
  ...(environment.CA === 'file' && {
    ca: certificateAuthorities(environment.CA, process.env.LAMBDA_TASK_ROOT ?? import.meta.dirname),
  }),
  // The function stands outside of every VPC; in "dev" the vendor may be a stand-in on the same machine.
  privateAddresses: environment.ENVIRONMENT === 'dev' ? 'allowed' : 'refused',
});

export const handler = rotationHandler({
  environment,
  strategy: new UserManagedStrategy({
    field: environment.FIELD,
    probe: {
      settings: environment.PROBE,
      door,
      sleep: (milliseconds) => systemClock.sleep(milliseconds),
    },
    fingerprint: fingerprint(environment.SECRET_NAME),
  }),
  companions: { inbox: environment.INBOX_SECRET_ARN },
  doors: awsDoors(environment),
});

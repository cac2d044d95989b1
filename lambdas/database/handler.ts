/** The rotation function of one database secret. */
import { certificateAuthorities } from '../../doors/certificate-authorities.ts';
import { systemClock } from '../../doors/clock.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { awsDoors } from '../rotation/doors.ts';
import { rotationHandler } from '../rotation/handler.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import type { DatabaseTools } from './admin.ts';
import { DatabaseStrategy } from './database-strategy.ts';
import { databaseEnvironmentSchema } from './environment.ts';
import { retireRole } from './retire-role.ts';

const environment = readEnvironment(databaseEnvironmentSchema, process.env);

const tools: DatabaseTools = {
  settings: environment,
  door: nodePostgres,
  ca: certificateAuthorities(environment.CA, process.env.LAMBDA_TASK_ROOT ?? import.meta.dirname),
  sleep: (milliseconds) => systemClock.sleep(milliseconds),
};

export const handler = rotationHandler({
  environment,
  strategy: new DatabaseStrategy(tools),
  inspect: async ({ username, fields }) => ({
    facts: { shape: 'rds', role: username, databaseUrl: fields.DATABASE_URL !== undefined },
    findings: [],
  }),
  companions: { admin: environment.ADMIN_SECRET_ARN },
  doors: awsDoors(environment),
  operations: { retireRole: (input, given) => retireRole(input, given, tools) },
});

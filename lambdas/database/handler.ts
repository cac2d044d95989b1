/** The rotation function of one database secret. */
import {
  amazonTrustServices,
  certificateAuthorities,
} from '../../doors/certificate-authorities.ts';
import { systemClock } from '../../doors/clock.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { awsDoors } from '../rotation/doors.ts';
import { rotationHandler } from '../rotation/handler.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import type { DatabaseTools } from './admin.ts';
import { DatabaseStrategy } from './database-strategy.ts';
import { databaseExaminer } from './diagnose.ts';
import { databaseEnvironmentSchema } from './environment.ts';
import { proveOld } from './prove-old.ts';
import { proveProxy } from './prove-proxy.ts';
import { restoreLogin } from './restore-login.ts';
import { retireRole } from './retire-role.ts';
import { undisturbed } from './undisturbed.ts';

const environment = readEnvironment(databaseEnvironmentSchema, process.env);

const ca = certificateAuthorities(
  environment.CA,
  process.env.LAMBDA_TASK_ROOT ?? import.meta.dirname,
);

const tools: DatabaseTools = {
  settings: environment,
  door: nodePostgres,
  ca,
  // RDS's authorities sign its instances; its proxies have certificates of ACM.
  ...(environment.CONNECTION === 'rdsProxy' &&
    environment.CA === 'rds' && { poolerCa: amazonTrustServices() }),
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
  examiner: databaseExaminer(tools, systemClock),
  undisturbed: (value, companion, work) => undisturbed(tools, value, companion, work),
  doors: awsDoors(environment),
  operations: {
    retireRole: (input, given) => retireRole(input, given, tools),
    proveProxy: (input, given) => proveProxy(input, given, tools),
    proveOld: (input, given) => proveOld(input, given, tools),
    restoreLogin: (input, given) =>
      restoreLogin(input, given, tools, environment.KMS_KEY_ARN !== undefined),
  },
});

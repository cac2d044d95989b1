/** The operator of one network: what the command line needs of its databases. */
import { certificateAuthorities } from '../../doors/certificate-authorities.ts';
import { systemClock } from '../../doors/clock.ts';
import { lambdaLog } from '../../doors/log.ts';
import { ownedSecret } from '../../doors/owned-secret.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { combinedRandom, kmsRandom, localRandom } from '../../doors/random.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { deployedDatabases } from './databases.ts';
import { operatorEnvironmentSchema } from './environment.ts';
import { operate } from './operate.ts';
import type { OperatorTools } from './tools.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(operatorEnvironmentSchema, process.env);
const taskRoot = environment.LAMBDA_TASK_ROOT ?? import.meta.dirname;
const log = lambdaLog('operator');

const tools: OperatorTools = {
  databases: deployedDatabases(taskRoot, environment),
  postgres: nodePostgres,
  secretsManager: secretsManager(),
  ownedSecret: ownedSecret(),
  random: combinedRandom([kmsRandom(), localRandom]),
  authorities: ({ ca }) =>
    ca === 'rds'
      ? certificateAuthorities('rds', taskRoot)
      : certificateAuthorities('file', taskRoot, ca),
  sleep: (milliseconds) => systemClock.sleep(milliseconds),
};

export const handler = (event: unknown) => operate(tools, log, event);

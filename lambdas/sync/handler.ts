/** Copies a value after its rotation; invoked by AfterRotation. */
import { systemClock } from '../../doors/clock.ts';
import { deployedFile } from '../../doors/deployed-file.ts';
import { gitHubSecrets } from '../../doors/github-secrets.ts';
import { lambdaLog } from '../../doors/log.ts';
import { parameterCopies } from '../../doors/parameter-copies.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { webhook } from '../../doors/webhook.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { syncEnvironmentSchema, syncTargetsSchema, targetsFile } from './environment.ts';
import { sync } from './sync.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(syncEnvironmentSchema, process.env);
const privateAddresses = environment.ENVIRONMENT === 'dev' ? 'allowed' : 'refused';
const doors = {
  secretsManager: secretsManager(),
  parameters: parameterCopies(),
  gitHub: gitHubSecrets({ privateAddresses }),
  webhook: webhook({ privateAddresses }),
  clock: systemClock,
  log: lambdaLog('sync'),
};
const targets = deployedFile(
  syncTargetsSchema,
  targetsFile,
  process.env.LAMBDA_TASK_ROOT ?? '.',
  process.env,
);
const deployed = { targets, deployment: environment.DEPLOYMENT };

export const handler = (event: unknown): Promise<object> => sync(doors, deployed, event);

/** Hands out keyed fingerprints of the deployment's values to who may invoke it; never a value. */
import { deployedFile } from '../../doors/deployed-file.ts';
import { lambdaLog } from '../../doors/log.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import {
  fingerprintedSecretsSchema,
  fingerprintsEnvironmentSchema,
  secretsFile,
} from './environment.ts';
import { takeFingerprints } from './take-fingerprints.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(fingerprintsEnvironmentSchema, process.env);
const doors = { secretsManager: secretsManager(), log: lambdaLog('fingerprints') };
const secrets = deployedFile(
  fingerprintedSecretsSchema,
  secretsFile,
  process.env.LAMBDA_TASK_ROOT ?? '.',
  process.env,
);
const deployed = { secrets, deployment: environment.DEPLOYMENT };

export const handler = (question: unknown): Promise<object> =>
  takeFingerprints(doors, deployed, question);

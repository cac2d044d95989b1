/** Target of the rollout machine's Tasks, and of who asks for posture, stop or start. */
import { autoscaling } from '../../doors/autoscaling.ts';
import { systemClock } from '../../doors/clock.ts';
import { codeDeploy } from '../../doors/code-deploy.ts';
import { consumerRecords } from '../../doors/consumer-records.ts';
import { deployedFile } from '../../doors/deployed-file.ts';
import { ecs } from '../../doors/ecs.ts';
import { functionDescription } from '../../doors/function-description.ts';
import { kubernetes } from '../../doors/kubernetes.ts';
import { lambdaLog } from '../../doors/log.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { webhook } from '../../doors/webhook.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import type { RolloutDoors } from './doors.ts';
import { consumersFileSchema, rolloutEnvironmentSchema } from './environment.ts';
import { ecsPlatform } from './platforms/ecs.ts';
import { kubernetesPlatform } from './platforms/kubernetes.ts';
import { lambdaPlatform } from './platforms/lambda.ts';
import { webhookPlatform } from './platforms/webhook.ts';
import { run } from './run.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(rolloutEnvironmentSchema, process.env);
const table = environment.CONTROL_TABLE;
const deployment = environment.DEPLOYMENT;
const services = ecs();
const functions = functionDescription();
const doors: RolloutDoors = {
  records: { ...rolloutRecords(table), ...consumerRecords(table, deployment) },
  platforms: {
    ecs: ecsPlatform({ ecs: services, codeDeploy: codeDeploy(), autoscaling: autoscaling() }),
    kubernetes: kubernetesPlatform({ kubernetes: kubernetes() }),
    lambda: lambdaPlatform({ functions }),
    webhook: webhookPlatform({
      webhook: webhook({
        privateAddresses: environment.ENVIRONMENT === 'dev' ? 'allowed' : 'refused',
      }),
      secretsManager: secretsManager(),
      deployment,
      clock: systemClock,
    }),
  },
  deployed: { ecs: services, functions },
  consumers: deployedFile(
    consumersFileSchema,
    'consumers.json',
    process.env.LAMBDA_TASK_ROOT ?? '.',
    process.env,
  ),
  clock: systemClock,
  log: lambdaLog('rollout'),
};

export const handler = (event: unknown): Promise<object> => run(doors, event, environment.SERVES);

/** Asks the consumers of one network whether they are well: one question, one look. */
import * as z from 'zod';
import type { HealthAnswer } from '../../domain/events/rollout.ts';
import { systemClock } from '../../doors/clock.ts';
import { deployedFile, deployedText } from '../../doors/deployed-file.ts';
import { httpLook } from '../../doors/http-look.ts';
import { lambdaLog } from '../../doors/log.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { failureOf } from '../rotation/failure.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { askedConsumerSchema, healthEnvironmentSchema } from './environment.ts';
import { type HealthTools, look } from './look.ts';

assertTrustedEnvironment(process.env);
const { ENVIRONMENT, NETWORK } = readEnvironment(healthEnvironmentSchema, process.env);
const taskRoot = process.env.LAMBDA_TASK_ROOT ?? import.meta.dirname;
const consumersSchema = z.array(askedConsumerSchema);

const tools: HealthTools = {
  consumers: deployedFile(consumersSchema, 'consumers.json', taskRoot, process.env),
  environment: ENVIRONMENT,
  network: NETWORK,
  secretsManager: secretsManager(),
  doorOf: ({ ca, privateAddresses }) =>
    httpLook({
      ca: ca === undefined ? undefined : deployedText(ca, taskRoot),
      privateAddresses,
      loopback: ENVIRONMENT === 'dev' ? 'allowed' : 'refused',
    }),
  clock: systemClock,
  log: lambdaLog('health'),
};

export async function handler(event: unknown): Promise<HealthAnswer> {
  try {
    return await look(tools, event);
  } catch (error) {
    const { code, message, frames, error: told } = failureOf(error, 'the look at a consumer');
    tools.log.error('failed', { code, reason: message, frames });
    throw told;
  }
}

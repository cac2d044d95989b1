/** Behind a function URL: GitHub's alerts of exposed secrets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventBus } from '../../doors/event-bus.ts';
import { lambdaLog } from '../../doors/log.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { failureOf } from '../rotation/failure.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { alertMapSchema, gitHubEnvironmentSchema } from './environment.ts';
import { type Answer, receive } from './receive.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(gitHubEnvironmentSchema, process.env);
const doors = {
  secretsManager: secretsManager(),
  eventBus: eventBus(environment.TRIGGER_BUS),
  log: lambdaLog('github'),
};
const file = join(process.env.LAMBDA_TASK_ROOT ?? '.', 'alerts.json');
const alerts = alertMapSchema.parse(JSON.parse(readFileSync(file, 'utf8')));

/** @throws RotationStepError: GitHub sees a 502 and shows the delivery as failed, to be sent again */
export async function handler(event: unknown): Promise<Answer> {
  try {
    return await receive(doors, { secretArn: environment.SECRET_ARN, alerts }, event);
  } catch (error) {
    const { code, message, frames, error: printable } = failureOf(error, 'the webhook');
    doors.log.error('failed', { code, reason: message, frames });
    throw printable;
  }
}

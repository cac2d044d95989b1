/** Target of the rule on this deployment's own events: tells people. */
import { systemClock } from '../../doors/clock.ts';
import { lambdaLog } from '../../doors/log.ts';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { ownTexts } from '../../doors/own-texts.ts';
import { sentMessages } from '../../doors/sent-messages.ts';
import { topics } from '../../doors/topics.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { notifyEnvironmentSchema } from './environment.ts';
import { notify, type Told } from './notify.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(notifyEnvironmentSchema, process.env);
const doors = {
  topics: topics(),
  sent: sentMessages(environment.CONTROL_TABLE, environment.DEPLOYMENT),
  clock: systemClock,
  log: lambdaLog('notify'),
};
const settings = {
  places: {
    'on-call': { mail: environment.ON_CALL_TOPIC, chat: environment.ON_CALL_CHAT_TOPIC },
    security: { mail: environment.SECURITY_TOPIC, chat: environment.SECURITY_CHAT_TOPIC },
    support: { mail: environment.SUPPORT_TOPIC, chat: environment.SUPPORT_CHAT_TOPIC },
    product: { mail: environment.PRODUCT_TOPIC, chat: environment.PRODUCT_CHAT_TOPIC },
  },
  timeZone: environment.TIME_ZONE,
  texts: ownTexts(process.env.LAMBDA_TASK_ROOT ?? import.meta.dirname),
};
const manifest = manifestByRequest(environment.MANIFEST_PARAMETER);

export const handler = (event: unknown): Promise<Told> => notify(doors, manifest, settings, event);

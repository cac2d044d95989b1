/** Anything else: whoever has the address is told, and does it. Accepted is all that is known; health proves the rest. */
import type { Clock } from '../../../doors/clock.ts';
import type { SecretsManagerDoor } from '../../../doors/secrets-manager.ts';
import type { WebhookDoor } from '../../../doors/webhook.ts';
import { RestartRefusedError } from '../errors.ts';
import type { ConsumerPlatform, Restart, Target } from '../platform.ts';

export interface WebhookTools {
  webhook: WebhookDoor;
  secretsManager: Pick<SecretsManagerDoor, 'getCurrentValue'>;
  /** `<name>/<environment>`. */
  deployment: string;
  clock: Clock;
}

export function webhookPlatform(tools: WebhookTools): ConsumerPlatform<Target<'webhook'>> {
  return {
    async restart({ url, signingSecret }, restart) {
      const { consumer } = restart;
      const { host } = new URL(url);
      const key = await tools.secretsManager.getCurrentValue(signingSecret);
      if (key === undefined) {
        throw new RestartRefusedError(
          consumer,
          `the signing secret ${signingSecret} has no value`,
          'Put one into it, and give the receiver the same; then resume.',
        );
      }
      const id = idOf(restart);
      const status = await tools.webhook.send({
        url,
        id,
        // Of this attempt: receivers refuse an old one.
        at: tools.clock.now(),
        key,
        body: bodyOf(tools.deployment, restart),
      });
      if (status === 429 || status >= 500) {
        return { waiting: `the webhook at ${host} answered ${status}, expected 2xx` };
      }
      if (status < 200 || status > 299) {
        throw new RestartRefusedError(
          consumer,
          `the webhook at ${host} answered ${status}, expected 2xx`,
          'Mend it, then resume.',
        );
      }
      return { id };
    },

    look: async ({ url }) => ({
      state: 'steady',
      detail: `the webhook at ${new URL(url).host} has accepted it`,
    }),
  };
}

/** One message, however often it is sent (standardwebhooks.com, "webhook-id"). No dot: the signature has dots between its parts. */
const idOf = ({ id, at }: Restart): string =>
  `restart_${id.replaceAll(/[^A-Za-z0-9-]/g, '_')}_${at.getTime()}`;

/** "type", "timestamp", "data": the payload the scheme recommends. */
const bodyOf = (
  deployment: string,
  { consumer, at, secretName, versionId, round }: Restart,
): object => ({
  type: 'consumer.restart',
  timestamp: at.toISOString(),
  data: { deployment, consumer, secret: secretName, versionId, round },
});

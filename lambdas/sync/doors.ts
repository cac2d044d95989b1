/** What the sync needs of the outside world; exactly these methods, so that its role is as small. */
import type { Clock } from '../../doors/clock.ts';
import type { GitHubSecretsDoor } from '../../doors/github-secrets.ts';
import type { Log } from '../../doors/log.ts';
import type { ParameterCopiesDoor } from '../../doors/parameter-copies.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { WebhookDoor } from '../../doors/webhook.ts';

export interface SyncDoors {
  secretsManager: Pick<SecretsManagerDoor, 'getCurrent' | 'getCurrentValue'>;
  parameters: ParameterCopiesDoor;
  gitHub: GitHubSecretsDoor;
  webhook: Pick<WebhookDoor, 'deliver'>;
  clock: Clock;
  log: Log;
}

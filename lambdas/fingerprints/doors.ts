/** What taking fingerprints needs of the outside world; exactly these methods, so that its role is as small. */
import type { Log } from '../../doors/log.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';

export interface FingerprintsDoors {
  secretsManager: Pick<SecretsManagerDoor, 'describe' | 'getValue'>;
  log: Log;
}

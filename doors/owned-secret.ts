/** The door to secrets that their owners keep: a value is put, and is current at once. */
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsCall, clientDefaults } from './aws-call.ts';

export interface OwnedSecretDoor {
  /** Makes `secretString` the value labelled AWSCURRENT. */
  put(secretId: string, secretString: string): Promise<void>;
}

/**
 * For user-managed secrets. Secrets that rotate have no such door: PutSecretValue without labels moves
 * AWSCURRENT at once (API_PutSecretValue).
 */
export function ownedSecret(client = new SecretsManagerClient(clientDefaults)): OwnedSecretDoor {
  return {
    async put(secretId, secretString) {
      await awsCall(
        'PutSecretValue',
        () =>
          client.send(
            new PutSecretValueCommand({ SecretId: secretId, SecretString: secretString }),
          ),
        { carriesValue: true },
      );
    },
  };
}

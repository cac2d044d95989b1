/** The whole Secrets Manager door over one secret and its companions, in memory; writes are counted. */
import { BinarySecretError, type SecretsManagerDoor } from '../../doors/secrets-manager.ts';

/** `binary`: the version holds SecretBinary. */
export type Stored = string | { binary: string };

export interface InMemorySecret {
  arn: string;
  name: string;
  rotationFunction: string;
  rotationEnabled: boolean;
  values: Map<string, Stored>;
  stages: Record<string, string[]>;
  companions: Record<string, Stored>;
}

export function inMemorySecret(secret: InMemorySecret): SecretsManagerDoor {
  const textOf = (stored: Stored | undefined, versionId: string) => {
    if (typeof stored === 'object') {
      throw new BinarySecretError(secret.arn, versionId);
    }
    return stored;
  };
  // What only adoption asks for is not here: a call of it would be an error of the row.
  const door: Partial<SecretsManagerDoor> = {
    describe: async () => ({
      arn: secret.arn,
      name: secret.name,
      rotationEnabled: secret.rotationEnabled,
      rotationLambdaArn: secret.rotationFunction,
      versionIdsToStages: structuredClone(secret.stages),
    }),
    getValue: async (_secretId, versionId) => textOf(secret.values.get(versionId), versionId),
    getCurrentValue: async (secretId) => textOf(secret.companions[secretId], 'AWSCURRENT'),
    async putPending({ token, secretString }) {
      secret.values.set(token, secretString);
      return 'stored';
    },
    async moveLabel({ label, from, to }) {
      for (const [versionId, labels] of Object.entries(secret.stages)) {
        const kept = labels.filter((held) => held !== label || versionId !== from);
        if (kept.length > 0) {
          secret.stages[versionId] = kept;
        } else {
          delete secret.stages[versionId];
        }
      }
      if (to !== undefined) {
        secret.stages[to] = [...(secret.stages[to] ?? []), label];
      }
      return 'moved';
    },
    rotate: async () => 'started',
    cancelRotation: async () => undefined,
    list: async () => [],
  };
  return door as SecretsManagerDoor;
}

import type { Operation } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { optionalBoolean, secretId } from '../input.ts';
import { day, seconds } from './describe-secret.ts';
import { page } from './paging.ts';

/** The version AWSPENDING was registered for is no version before it has a value: it is not listed. */
export function listSecretVersionIds(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('ListSecretVersionIds', backend.store.get(secretId(input)), input),
    ],
    run: async (input) => {
      const deprecated = optionalBoolean(input, 'IncludeDeprecated') ?? false;
      const secret = backend.store.get(secretId(input));
      const versions = [...secret.read().versions.values()]
        .filter((version) => version.value !== undefined)
        .filter((version) => deprecated || version.labels.size > 0);
      const { items, next } = page(input, versions);
      return {
        ARN: secret.arn,
        Name: secret.name,
        Versions: items.map((version) => ({
          VersionId: version.versionId,
          ...(version.labels.size === 0 ? {} : { VersionStages: [...version.labels] }),
          ...(version.lastAccessed === undefined
            ? {}
            : { LastAccessedDate: day(version.lastAccessed) }),
          CreatedDate: seconds(version.created),
          KmsKeyIds: [keyName(version.value?.kmsKeyId)],
        })),
        ...next,
      };
    },
  };
}

function keyName(kmsKeyId: string | undefined): string {
  return kmsKeyId === undefined || kmsKeyId === 'alias/aws/secretsmanager'
    ? 'DefaultEncryptionKey'
    : kmsKeyId;
}

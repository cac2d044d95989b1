/** Labels of a few secrets, and RotateSecret as far as its caller sees it: AWSPENDING on a new version. */
import type { SecretDescription, SecretsManagerDoor } from '../../doors/secrets-manager.ts';

type Stages = Record<string, string[]>;

export interface InMemorySecrets {
  door: Pick<SecretsManagerDoor, 'list' | 'describe' | 'rotate'>;
  /** What ListSecrets says; may be older than the truth. */
  listed: Map<string, Stages>;
  stages: Map<string, Stages>;
  rotations: { secretId: string; clientRequestToken: string }[];
  calls: string[];
  /** Adds a secret and returns its ARN. */
  add(name: string, stages: Stages, rotationEnabled?: boolean): string;
  /** The service promotes and closes a rotation. */
  promote(name: string, token: string, labels?: string[]): void;
}

export const arnOf = (name: string): string =>
  `arn:aws:secretsmanager:eu-west-1:000000000000:secret:${name}-AbCdEf`;

export function inMemorySecrets(): InMemorySecrets {
  const stages = new Map<string, Stages>();
  const listed = new Map<string, Stages>();
  const enabled = new Map<string, boolean>();
  const rotations: InMemorySecrets['rotations'] = [];
  const calls: string[] = [];
  const nameOf = (secretId: string) =>
    [...stages.keys()].find((name) => secretId === name || secretId === arnOf(name)) ?? secretId;

  function description(name: string, found: Stages | undefined): SecretDescription {
    if (found === undefined) throw new Error(`no secret ${name}`);
    return {
      arn: arnOf(name),
      name,
      rotationEnabled: enabled.get(name) ?? true,
      versionIdsToStages: structuredClone(found),
    };
  }

  return {
    listed,
    stages,
    rotations,
    calls,
    add(name, initial, rotationEnabled = true) {
      stages.set(name, initial);
      enabled.set(name, rotationEnabled);
      return arnOf(name);
    },
    promote(name, token, labels = []) {
      const found = stages.get(name) ?? {};
      const next: Stages = {};
      for (const [versionId, own] of Object.entries(found)) {
        const kept = own.filter((label) => label !== 'AWSPREVIOUS' && label !== 'AWSPENDING');
        const moved = kept.map((label) => (label === 'AWSCURRENT' ? 'AWSPREVIOUS' : label));
        if (moved.length > 0) next[versionId] = moved;
      }
      next[token] = ['AWSCURRENT', ...labels];
      stages.set(name, next);
    },
    door: {
      async list(namePrefix) {
        calls.push('list');
        return [...stages.keys()]
          .filter((name) => name.startsWith(namePrefix))
          .map((name) => description(name, listed.get(name) ?? stages.get(name)));
      },
      async describe(secretId) {
        calls.push('describe');
        const name = nameOf(secretId);
        return description(name, stages.get(name));
      },
      async rotate({ secretId, clientRequestToken }) {
        calls.push('rotate');
        const found = stages.get(nameOf(secretId)) ?? {};
        const pending = Object.keys(found).find((id) => found[id]?.includes('AWSPENDING'));
        if (pending !== undefined && !found[pending]?.includes('AWSCURRENT')) return 'inProgress';
        rotations.push({ secretId, clientRequestToken });
        found[clientRequestToken] = [...(found[clientRequestToken] ?? []), 'AWSPENDING'];
        return 'started';
      },
    },
  };
}

/** Labels of a few secrets, and RotateSecret as far as its caller sees it: AWSPENDING on a new version. */
import type { SecretDescription, SecretsManagerDoor } from '../../doors/secrets-manager.ts';

type Stages = Record<string, string[]>;

export interface InMemorySecrets {
  door: Pick<SecretsManagerDoor, 'list' | 'listTagged' | 'describe' | 'rotate' | 'currentSince'>;
  /** When the version labelled AWSCURRENT was made. */
  since: Map<string, Date>;
  /** What ListSecrets says; may be older than the truth. */
  listed: Map<string, Stages>;
  stages: Map<string, Stages>;
  rotations: { secretId: string; clientRequestToken: string }[];
  calls: string[];
  /**
   * What else is told of a secret: function, rule, deletion, tags.
   * @default as a deployment of pharmacy/prod with cadences of 90 days and functions `fn-<name>` leaves it
   */
  more: (name: string) => Partial<SecretDescription>;
  /** Adds a secret and returns its ARN. */
  add(name: string, stages: Stages, rotationEnabled?: boolean): string;
  /** The service promotes and closes a rotation. */
  promote(name: string, token: string, labels?: string[]): void;
}

export const arnOf = (name: string): string =>
  `arn:aws:secretsmanager:eu-west-1:000000000000:secret:${name}-AbCdEf`;

export const functionArnOf = (name: string): string =>
  `arn:aws:lambda:eu-west-1:000000000000:function:${name}`;

export function inMemorySecrets(): InMemorySecrets {
  const stages = new Map<string, Stages>();
  const listed = new Map<string, Stages>();
  const enabled = new Map<string, boolean>();
  const since = new Map<string, Date>();
  const rotations: InMemorySecrets['rotations'] = [];
  const calls: string[] = [];
  const own = { 'quarterturn:name': 'pharmacy', 'quarterturn:environment': 'prod' };
  const nameOf = (secretId: string) =>
    stages.has(secretId) ? secretId : secretId.slice(arnOf('').length - 7, -7);

  function description(name: string, found: Stages | undefined): SecretDescription {
    if (found === undefined) throw new Error(`no secret ${name}`);
    return {
      arn: arnOf(name),
      name,
      rotationEnabled: enabled.get(name) ?? true,
      versionIdsToStages: structuredClone(found),
      ...secrets.more(name),
    };
  }

  const secrets: InMemorySecrets = {
    more: (name) => ({
      rotationLambdaArn: functionArnOf(`fn-${name}`),
      rotationRules: { scheduleExpression: 'rate(89 days)', duration: '4h' },
      ...(name.startsWith('pharmacy/prod/') && { tags: own }),
    }),
    listed,
    stages,
    since,
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
      async listTagged(tags) {
        const all = [...stages.keys()].map((name) =>
          description(name, listed.get(name) ?? stages.get(name)),
        );
        const found = all.filter((secret) =>
          Object.entries(tags).every(([key, value]) => secret.tags?.[key] === value),
        );
        for (let calledFor = 0; calledFor < Math.max(found.length, 1); calledFor += 100) {
          calls.push('ListSecrets');
        }
        return found;
      },
      async describe(secretId) {
        calls.push('describe');
        const name = nameOf(secretId);
        return description(name, stages.get(name));
      },
      async currentSince(secretId) {
        calls.push('currentSince');
        return since.get(nameOf(secretId));
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
  return secrets;
}

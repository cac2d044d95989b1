/**
 * Secrets Manager for the sandbox, with the rotation semantics AWS documents.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/
 */
import { randomUUID } from 'node:crypto';
import { SandboxClock } from '../clock.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { AwsService, Caller, Operation } from '../service.ts';
import type { Backend, Behaviour, SecretsManagerPorts } from './backend.ts';
import { changeSecret } from './change.ts';
import { allOperations } from './operations/all.ts';
import { create } from './operations/create-secret.ts';
import { putValue } from './operations/put-value.ts';
import { rotate } from './operations/rotate-secret.ts';
import { Rotations } from './rotation.ts';
import { NativeSchedule } from './schedule.ts';
import { rotateOnSchedule } from './scheduled-rotation.ts';
import { ServiceEvents } from './service-events.ts';
import { SecretStore } from './store.ts';
import { SecretValues } from './values.ts';
import { CURRENT } from './versions.ts';

/** A secret of the template. */
export interface TemplateSecret {
  name: string;
  secretString?: string;
  kmsKeyId?: string;
  description?: string;
  tags?: readonly { Key: string; Value: string }[] | Readonly<Record<string, string>>;
}

/** A secret of the account that no template made. */
export interface ExistingSecret extends TemplateSecret {
  /** The six characters its ARN ends with. */
  suffix: string;
  /** When it and its value were made. @default now */
  createdAt?: Date;
  /** Base64; instead of `secretString`. */
  secretBinary?: string;
  policy?: PolicyDocument;
  /** The AWS service that made it, e.g. `rds`: it alone may change the secret. */
  owningService?: string;
  /** Another region than the sandbox's makes it a replica. */
  primaryRegion?: string;
}

/** Rotation as the template configures it. */
export interface RotationSettings {
  secretId: string;
  rotationLambdaArn: string;
  /** As in the template; none or empty: no rule, rotation on demand only. */
  rotationRules?: Readonly<Record<string, unknown>>;
  rotateImmediately: boolean;
}

export class SecretsManagerService implements AwsService {
  readonly signingName = 'secretsmanager';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'secretsmanager';
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #backend: Backend;
  #staleListings = 0;

  constructor(ports: SecretsManagerPorts) {
    const store = new SecretStore(ports.account, ports.region);
    const serviceEvents = new ServiceEvents(ports);
    const behaviour: Behaviour = {
      pendingEndState: 'serviceStrips',
      testVersion: 'copyOfCurrent',
    };
    const schedule = new NativeSchedule(ports.clock, (secret, window) =>
      rotateOnSchedule(this.#backend, secret, window),
    );
    this.#backend = {
      ...ports,
      store,
      serviceEvents,
      behaviour,
      schedule,
      rotations: new Rotations({ ...ports, store, serviceEvents, behaviour, schedule }),
      values: new SecretValues(ports.kms, ports.region),
      takeStaleListing: () => {
        this.#staleListings -= 1;
        return this.#staleListings >= 0;
      },
    };
    this.operations = allOperations(this.#backend);
  }

  /** The loader's: makes a secret of the template. Its deployment's rights are not asked for. */
  createFromTemplate(secret: TemplateSecret): { arn: string } {
    const input: Record<string, unknown> = {
      Name: secret.name,
      SecretString: secret.secretString,
      KmsKeyId: secret.kmsKeyId,
      Description: secret.description,
      Tags: tagsOf(secret.tags),
    };
    return { arn: create(this.#backend, deployment, input, randomUUID()).arn };
  }

  /** A secret that stood in the account before the stack. */
  createExisting(secret: ExistingSecret): { arn: string } {
    const input: Record<string, unknown> = {
      Name: secret.name,
      SecretString: secret.secretString,
      SecretBinary: secret.secretBinary,
      KmsKeyId: secret.kmsKeyId,
      Tags: tagsOf(secret.tags),
    };
    const { policy, owningService, primaryRegion, createdAt } = secret;
    const then =
      createdAt === undefined
        ? this.#backend
        : { ...this.#backend, clock: new SandboxClock(createdAt, 'manual') };
    const made = create(then, deployment, input, randomUUID(), secret.suffix);
    changeSecret(then, made, (draft) => {
      Object.assign(draft, {
        ...(policy && { policy }),
        ...(owningService && { owningService }),
        ...(primaryRegion && { primaryRegion }),
      });
    });
    return { arn: made.arn };
  }

  /** The owning service's own rotation: a new value, which nobody else may put. */
  putAsOwner(secretId: string, secretString: string): void {
    const secret = this.#backend.store.live(secretId);
    const bytes = Buffer.from(secretString, 'utf8');
    putValue(this.#backend, deployment, secret, {
      token: randomUUID(),
      value: { kind: 'string', bytes },
      stages: [CURRENT],
    });
  }

  /** The loader's: AWS::SecretsManager::ResourcePolicy. */
  putResourcePolicy(arn: string, policy: PolicyDocument): void {
    changeSecret(this.#backend, this.#backend.store.live(arn), (draft) => {
      draft.policy = policy;
    });
  }

  resourcePolicyOf(arn: string): PolicyDocument | undefined {
    return this.#backend.store.get(arn).state.policy;
  }

  /**
   * AWS::SecretsManager::RotationSchedule: RotateSecret with the template's rules.
   * @throws what RotateSecret throws
   */
  async configureRotation(caller: Caller, settings: RotationSettings): Promise<void> {
    const rules = settings.rotationRules ?? {};
    const input: Record<string, unknown> = {
      SecretId: settings.secretId,
      RotationLambdaARN: settings.rotationLambdaArn,
      RotationRules: Object.keys(rules).length === 0 ? undefined : rules,
      RotateImmediately: settings.rotateImmediately,
    };
    rotate(this.#backend, caller, input, randomUUID());
  }

  /** Control: which of the documented end states AWSPENDING has. @default 'serviceStrips' */
  setPendingEndState(state: Behaviour['pendingEndState']): void {
    this.#backend.behaviour.pendingEndState = state;
  }

  /** Control: whether RotateImmediately=false gives testSecret a value. @default 'copyOfCurrent' */
  setTestVersion(version: Behaviour['testVersion']): void {
    this.#backend.behaviour.testVersion = version;
  }

  /** Control: the next `count` reads of the secret answer as before its last write. */
  staleReads(secretId: string, count: number): void {
    this.#backend.store.get(secretId).staleReads(count);
  }

  /** Control: the next `count` ListSecrets calls answer as before each secret's last write. */
  staleListings(count: number): void {
    this.#staleListings = count;
  }
}

/** Over HTTP nobody is a `service` caller, so this is the loader's alone. */
const deployment: Caller = {
  arn: 'cloudformation.amazonaws.com',
  kind: 'service',
  service: 'cloudformation.amazonaws.com',
};

function tagsOf(tags: TemplateSecret['tags']): readonly { Key: string; Value: string }[] {
  if (tags === undefined) {
    return [];
  }
  return isList(tags) ? tags : Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function isList(
  tags: NonNullable<TemplateSecret['tags']>,
): tags is readonly { Key: string; Value: string }[] {
  return Array.isArray(tags);
}

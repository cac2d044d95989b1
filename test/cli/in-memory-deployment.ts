/**
 * A deployment for tests of commands, without AWS: labels, control table, functions and clock in memory.
 * Doors a command must not use (whatever reads or writes a value) throw.
 */
import type { OpenDeployment } from '../../cli/command.ts';
import { type Manifest, manifestOf } from '../../domain/config/manifest.ts';
import { tagKeys } from '../../domain/config/names.ts';
import type { RotationConfig } from '../../domain/config/rotation-config.ts';
import { ownRule } from '../../domain/policy/drift.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import type { EmergencyRecordsDoor } from '../../doors/emergency-records.ts';
import type { EventBusDoor, OutgoingEvent } from '../../doors/event-bus.ts';
import type { ExecutionEnd } from '../../doors/execution-ends.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { SubscriptionsDoor } from '../../doors/subscriptions.ts';
import type { TriggerRecordsDoor } from '../../doors/trigger-records.ts';
import exampleConfig from '../../rotation.config.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { inMemoryEmergencyRecords } from '../doors/in-memory-emergency-records.ts';
import { inMemoryRolloutRecords } from '../doors/in-memory-rollout-records.ts';
import {
  functionArnOf,
  type InMemorySecrets,
  inMemorySecrets,
} from '../doors/in-memory-secrets.ts';
import { inMemoryTriggerRecords } from '../doors/in-memory-trigger-records.ts';
import { recordedBus } from '../doors/recorded.ts';

export interface InMemoryDeployment extends OpenDeployment {
  readonly secrets: InMemorySecrets;
  /** Resource policies as JSON, by ARN of the secret. */
  readonly resourcePolicies: Map<string, string>;
  readonly emergencyRecords: EmergencyRecordsDoor;
  /** How executions ended, by ARN. */
  readonly ends: Map<string, ExecutionEnd>;
  /** Stored reports, by `bucket/key`. */
  readonly storedReports: Map<string, string>;
  readonly rolloutRecords: ReturnType<typeof inMemoryRolloutRecords>;
  /** What was asked of functions. */
  readonly invocations: { functionName: string; request: unknown }[];
  /** The lines of the audit log; an AWS error code instead: it is refused. */
  auditLines: string[] | string;
  /** Executions that are alive. */
  readonly alive: Set<string>;
  /** Executions that were started; to be alive is another matter. */
  readonly started: { stateMachineArn: string; name: string; input: unknown }[];
  /** Lengths of all sleeps, in milliseconds; each moved the clock. */
  readonly slept: number[];
  /** Called at each sleep: what happens in the meantime. */
  meanwhile: () => void | Promise<void>;
  /** Every topic has somebody who listens. */
  readonly subscriptions: SubscriptionsDoor;
  /** The bus of triggers, and what became of them. */
  triggerBus: EventBusDoor & { events: OutgoingEvent[] };
  readonly triggerRecords: TriggerRecordsDoor;
  set(instant: string): void;
  /** DescribeSecret of this secret fails from now on. */
  refuse(secretName: string, awsCode: string): void;
}

export interface InMemoryDeploymentOptions {
  config?: RotationConfig;
  manifest?: Manifest;
  now?: string;
  /** What a function answers. @default it throws: no function was expected to be called */
  answer?: (functionName: string, request: unknown) => unknown;
}

export function inMemoryDeployment(options: InMemoryDeploymentOptions = {}): InMemoryDeployment {
  const manifest = options.manifest ?? manifestOf(options.config ?? exampleConfig);
  const secrets = inMemorySecrets();
  secrets.more = asDeployed(manifest);
  const invocations: InMemoryDeployment['invocations'] = [];
  const alive = new Set<string>();
  const started: InMemoryDeployment['started'] = [];
  const refused = new Map<string, string>();
  const slept: number[] = [];
  const ends: InMemoryDeployment['ends'] = new Map();
  const storedReports = new Map<string, string>();
  const resourcePolicies = new Map<string, string>();
  let tokens = 0;
  let now = new Date(options.now ?? '2026-05-17T17:00:00Z');

  const deployment: InMemoryDeployment = {
    manifest,
    caller: {
      arn: 'arn:aws:iam::000000000000:user/on-call',
      account: '000000000000',
      region: manifest.region,
      endpoint: 'http://127.0.0.1:4566',
    },
    secrets,
    resourcePolicies,
    invocations,
    alive,
    started,
    slept,
    meanwhile: () => undefined,
    secretsManager: onlyThese({
      list: (prefix) => secrets.door.list(prefix),
      listTagged: (tags) => secrets.door.listTagged(tags),
      rotate: (asked) => secrets.door.rotate(asked),
      getResourcePolicy: async (secretId) => resourcePolicies.get(secretId),
      async describe(secretId) {
        const awsCode = refused.get(secretId);
        if (awsCode !== undefined) throw new AwsCallError('DescribeSecret', awsCode, 'refused');
        return secrets.door.describe(secretId);
      },
    }),
    controlTable: inMemoryControlTable(),
    rolloutRecords: inMemoryRolloutRecords(),
    emergencyRecords: inMemoryEmergencyRecords(),
    storedReports,
    ends,
    executionEnds: {
      endOf: async (execution) =>
        alive.has(execution) ? { state: 'running' } : ends.get(execution),
    },
    incidentReports: {
      async read({ bucket, key, owner }) {
        const text = owner === '000000000000' ? storedReports.get(`${bucket}/${key}`) : undefined;
        if (text !== undefined) return text;
        throw new AwsCallError('GetObject', 'NoSuchKey', 'The specified key does not exist.');
      },
    },
    permissions: {
      simulate: async () => {
        throw new Error('IAM was not expected to be asked');
      },
    },
    functions: {
      async invoke(functionName, request) {
        invocations.push({ functionName, request });
        if (options.answer === undefined) {
          throw new Error(`no function was expected to be called, least of all ${functionName}`);
        }
        return options.answer(functionName, request);
      },
    },
    stepFunctions: {
      isRunning: async (execution) => alive.has(execution),
      async startExecution(start) {
        started.push(start);
        return 'started';
      },
    },
    auditLines: [],
    auditLog: {
      async read() {
        const { auditLines } = deployment;
        if (typeof auditLines === 'string') {
          throw new AwsCallError('FilterLogEvents', auditLines, 'refused');
        }
        return { lines: auditLines, complete: true };
      },
    },
    triggers: () => ({ eventBus: deployment.triggerBus, records: deployment.triggerRecords }),
    subscriptions: {
      of: async () => [{ protocol: 'email', endpoint: 'on-call@example.com', pending: false }],
    },
    triggerBus: recordedBus(),
    triggerRecords: inMemoryTriggerRecords(),
    clock: {
      now: () => new Date(now),
      async sleep(milliseconds) {
        slept.push(milliseconds);
        now = new Date(now.getTime() + milliseconds);
        await deployment.meanwhile();
      },
    },
    // Counted, so that a test can name them.
    newToken: async () => String(++tokens).padStart(32, '0'),
    set(instant) {
      now = new Date(instant);
    },
    refuse: (secretName, awsCode) => void refused.set(secretName, awsCode),
  };
  return deployment;
}

/** Function, rule and tags as the stack leaves them; a secret outside of the manifest has none of them. */
function asDeployed(manifest: Manifest): InMemorySecrets['more'] {
  const tags = { [tagKeys.name]: manifest.name, [tagKeys.environment]: manifest.environment };
  return (name) => {
    const secret = manifest.secrets.find((one) => one.name === name);
    if (secret === undefined) return {};
    if (secret.kind === 'userManaged') return { tags };
    return {
      rotationLambdaArn: functionArnOf(secret.function),
      rotationRules: ownRule(secret.cadenceDays),
      tags,
    };
  };
}

/** A door of which a command may use only these methods. */
function onlyThese(door: Partial<SecretsManagerDoor>): SecretsManagerDoor {
  return new Proxy(door, {
    get(target, method) {
      const found = Reflect.get(target, method);
      if (found === undefined && method !== 'then') {
        throw new Error(`a command must not call ${String(method)} of Secrets Manager`);
      }
      return found;
    },
  }) as SecretsManagerDoor;
}

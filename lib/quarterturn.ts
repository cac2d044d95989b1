/** Everything one environment deploys, as a construct: in the stack of `rotation.config.ts`, or in anybody's. */
import { existsSync } from 'node:fs';
import {
  type CfnManagedPolicy,
  type Grant,
  type IGrantable,
  type IManagedPolicy,
  ManagedPolicy,
} from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnOutput, Tags } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { isRolledOut } from '../domain/config/consumer-schema.ts';
import {
  afterRotationMachineName,
  controlTableName,
  emergencyMachineName,
  reencryptionMachineName,
  type Scope,
  tagKeys,
} from '../domain/config/names.ts';
import { hasInbox } from '../domain/config/secret-schemas.ts';
import { AccessAudit } from './access-audit.ts';
import { acknowledgeFindings } from './acknowledgements.ts';
import { AfterRotation, Starter } from './after-rotation.ts';
import { breakGlassPolicy } from './break-glass.ts';
import { Cadence } from './cadence.ts';
import { ControlTable } from './control-table.ts';
import { DatabaseSecret } from './database-secret.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { Emergency } from './emergency.ts';
import { emergencyPeople } from './emergency-people.ts';
import { encryptionSecrets } from './encryption-secrets.ts';
import { UnknownKeyError } from './errors.ts';
import { Fingerprints } from './fingerprints.ts';
import { fitsInAStack } from './fits-in-a-stack.ts';
import { functionsDirectory } from './functions-directory.ts';
import { HealthFunctions } from './health.ts';
import { InboxSecret } from './inbox-secret.ts';
import { JwtSecret } from './jwt-secret.ts';
import { Keys } from './keys.ts';
import { ManifestParameter } from './manifest-parameter.ts';
import { Messages } from './messages.ts';
import { Networks } from './networks.ts';
import { takeName } from './one-of-a-name.ts';
import { OperatorFunctions } from './operator-functions.ts';
import { oversee } from './oversight.ts';
import type { QuarterturnProps } from './quarterturn-props.ts';
import { grantRead, importedFunction, importedSecret } from './read-access.ts';
import { operatorPolicy, readerPolicy } from './reader-policy.ts';
import { ReencryptionMachine, type ReencryptionParts } from './reencryption-machine.ts';
import { adminOf, databaseOf } from './related-secrets.ts';
import { resolveProps } from './resolve-props.ts';
import { Rollout } from './rollout.ts';
import { NotBuiltError, type RoomFunction } from './room-function.ts';
import type { RotatingSecret } from './rotating-secret.ts';
import { shareRights } from './shared-rights.ts';
import { Sync } from './sync.ts';
import { UserManagedSecret } from './user-managed-secret.ts';
import { machineArns } from './workflow.ts';

/** Rotates the secrets of one environment; everything it needs is made in the stack it stands in. */
export class Quarterturn extends Construct {
  /** Name, ARN and key of every secret, by its key in the props. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly #rotated = new Map<string, RotatingSecret>();
  /** ARNs of functions. */
  readonly #drills: string[] = [];
  /** What rewrites rows, by the secret whose rows they are. */
  readonly #rows: { key: string; name: string; function: RoomFunction }[] = [];
  readonly #policies = new Map<string, readonly IManagedPolicy[]>();

  /**
   * @throws InvalidConfigError naming every problem by its path in the props; NameTakenError for a second
   *   deployment of that name and environment; DeploymentTooLargeError when one stack cannot hold it
   */
  constructor(scope: Construct, id: string, props: QuarterturnProps) {
    super(scope, id);
    const resolved = resolveProps(this, props);
    const { config } = resolved;
    takeName(this, config);
    const lambdasDirectory = resolved.lambdasDirectory ?? functionsDirectory;
    if (!existsSync(lambdasDirectory)) {
      throw new NotBuiltError(
        `the functions are not bundled (expected ${lambdasDirectory}); run \`npm run build\``,
      );
    }
    const keys = new Keys(this, 'Keys', resolved.encryptionKey);
    const deployment: Deployment = {
      config,
      lambdasDirectory,
      configDirectory: resolved.configDirectory,
      operatorRoles: resolved.operatorRoles,
      consumerRoles: resolved.consumerRoles,
      keys,
      networkOf: new Networks(this, 'Networks', { config, logKey: keys.messages }).of,
      controlTable: new ControlTable(this, 'Control', {
        name: config.name,
        environment: config.environment,
        key: keys.control,
      }),
    };
    this.secrets = this.#makeSecrets(deployment);
    this.#makeAround(deployment);
    // The schemas that cfn-lint carries know no tags of a dashboard, and refuse the template.
    const everythingElse = { excludeResourceTypes: ['AWS::CloudWatch::Dashboard'] };
    Tags.of(this).add(tagKeys.name, config.name, everythingElse);
    Tags.of(this).add(tagKeys.environment, config.environment, everythingElse);
    fitsInAStack(this, Object.keys(config.secrets).length);
    acknowledgeFindings(this, config);
  }

  /** The secret with that key in the props, new or adopted, for what takes an `ISecret`. */
  secret(key: string): ISecret {
    return importedSecret(this, `Imported-${key}`, this.#reference(key));
  }

  /** Lets the grantee read the secret as an application does: AWSCURRENT and AWSPREVIOUS, never a pending value. */
  grantRead(grantee: IGrantable, key: string): Grant {
    return grantRead(grantee, this.#reference(key));
  }

  /** The function that rotates the secret with that key. */
  rotationFunction(key: string): IFunction {
    const rotated = this.#rotated.get(key);
    if (rotated === undefined) {
      throw new UnknownKeyError('rotated secret', key, this.#rotated.keys());
    }
    return importedFunction(this, `Function-of-${key}`, rotated.function.functionArn);
  }

  /** What the consumer of that name in the props is attached to its roles, one policy or more. */
  policiesFor(consumer: string): readonly IManagedPolicy[] {
    const policies = this.#policies.get(`Reader-${consumer}`);
    if (policies === undefined) {
      const names = [...this.#policies.keys()].filter((id) => id.startsWith('Reader-'));
      throw new UnknownKeyError(
        'consumer',
        consumer,
        names.map((id) => id.slice(7)),
      );
    }
    return policies;
  }

  /** What starts emergencies, follows them and reads their reports. One policy or more; attach them all. */
  get emergencyPolicies(): readonly IManagedPolicy[] {
    return this.#policies.get('Emergencies') ?? [];
  }

  /** What on-call needs: rotates, reads no value. One policy or more; attach them all. */
  get operatorPolicies(): readonly IManagedPolicy[] {
    return this.#policies.get('Operator') ?? [];
  }

  #reference(key: string): SecretReference {
    const reference = Object.hasOwn(this.secrets, key) ? this.secrets[key] : undefined;
    if (reference === undefined) {
      throw new UnknownKeyError('secret', key, Object.keys(this.secrets));
    }
    return reference;
  }

  /** In the order of their needs: an admin before its databases, a database before what encrypts in it. */
  #makeSecrets(deployment: Deployment): Record<string, SecretReference> {
    const references: Record<string, SecretReference> = {};
    const entries = Object.entries(deployment.config.secrets);
    const scope = (key: string) => `Secret-${key}`;
    const rotating = (key: string, secret: RotatingSecret) => {
      this.#rotated.set(key, secret);
      references[key] = secret.reference;
    };
    for (const [key, secret] of entries) {
      if (hasInbox(secret)) {
        const made = new InboxSecret(this, scope(key), { deployment, key, secret });
        rotating(key, made);
        this.#output(
          `InboxPolicy-${key}`,
          made.ownerPolicy.ref,
          `Policy for the owners of "${key}"`,
        );
      } else if (secret.kind === 'userManaged') {
        const made = new UserManagedSecret(this, scope(key), { deployment, key, secret });
        references[key] = made.reference;
      } else if (secret.kind === 'jwt') {
        rotating(key, new JwtSecret(this, scope(key), { deployment, key, secret }));
      }
    }
    for (const [key, secret] of entries) {
      if (secret.kind === 'database') {
        const admin = adminOf(secret, references);
        rotating(key, new DatabaseSecret(this, scope(key), { deployment, key, secret, admin }));
      }
    }
    const database = (key: string | undefined) => databaseOf(key, deployment.config, references);
    const made = encryptionSecrets(this, deployment, database);
    for (const { key, secret, drill, reencryption } of made) {
      rotating(key, secret);
      if (reencryption !== undefined) {
        this.#rows.push({ key, name: secret.reference.name, function: reencryption.function });
      }
      this.#drills.push(...(drill ? [drill.function.functionArn] : []));
    }
    return references;
  }

  #makeAround(deployment: Deployment): void {
    const { config } = deployment;
    const rotated = [...this.#rotated.values()];
    const manifest = new ManifestParameter(this, 'Manifest', config);
    // Last: what it says of a rule is true by then, or that rule was touched so lately that nobody is alarmed.
    for (const { schedule } of rotated) {
      if (schedule !== undefined) manifest.node.addDependency(schedule);
    }
    const machine = machineArns(this, afterRotationMachineName(config));
    const emergencies = machineArns(this, emergencyMachineName(config));
    const reencryption = this.#reencryption(config);
    const messages = new Messages(this, 'Messages', deployment);
    const userManaged = Object.entries(config.secrets).flatMap(([key, { kind }]) =>
      kind === 'userManaged' ? (this.secrets[key] ?? []) : [],
    );
    const sync =
      config.sync.length === 0
        ? undefined
        : new Sync(this, 'Sync', { deployment, secrets: this.secrets }).function;
    const health = new HealthFunctions(this, 'Health', { deployment, secrets: this.secrets });
    const rollout = config.consumers.some(isRolledOut)
      ? new Rollout(this, 'Rollout', {
          deployment,
          secrets: this.secrets,
          rotatedNames: rotated.map(({ reference }) => reference.name),
          healthFunctions: health.all,
        })
      : undefined;
    const around = {
      ...{ deployment, rotated, userManaged, manifest, machine, reencryption, messages },
      emergency: emergencies,
      ...(rollout && { rollout: { machine: rollout.machine } }),
      ...(sync && { sync: { functionArn: sync.functionArn } }),
    };
    const afterRotation = new AfterRotation(this, 'AfterRotation', around);
    const emergency = new Emergency(this, 'Emergency', {
      ...{ deployment, rotated, manifest, messages, machine, reencryption, rollout, afterRotation },
      secrets: this.secrets,
      healthFunctions: health.all,
    });
    const functions = {
      'after-rotation': afterRotation.function,
      cadence: new Cadence(this, 'Cadence', around).function,
      starter: new Starter(this, 'Starter', around).function,
      'in-emergency': emergency.function,
      ...(sync && { sync }),
      ...(rollout && { 'roll-out': rollout.function }),
      ...Object.fromEntries(health.named),
      ...Object.fromEntries(this.#rows.map((rows) => [`rows-${rows.key}`, rows.function])),
    };
    if (reencryption !== undefined) {
      new ReencryptionMachine(this, 'Reencryption', {
        name: reencryptionMachineName(config),
        taskFunction: functions['after-rotation'],
        rowsFunctionArns: reencryption.functionArns,
        logKey: deployment.keys.messages,
      });
    }
    const operators = this.#operators(deployment);
    const { auditLogArn, certificates, watch } = oversee(this, {
      ...around,
      rotated: this.#rotated,
      secrets: this.secrets,
      functions,
      operators,
      rows: this.#rows,
    });
    shareRights(this, {
      rotated,
      describing: [functions['after-rotation'], functions.cadence, functions.starter, watch],
      rotating: [functions['after-rotation'], functions.cadence],
      invoking: {
        functions: [functions['after-rotation'], functions.cadence, emergency.function],
        machines: [afterRotation.machine, emergency.workflow],
      },
    });

    const fingerprints = new Fingerprints(this, 'Fingerprints', {
      deployment,
      secrets: this.secrets,
    });
    const accessAudit = new AccessAudit(this, 'AccessAudit', {
      ...{ deployment, manifest },
      secrets: this.secrets,
    });
    const operator = operatorPolicy(this, 'Operator', deployment, {
      rotated,
      reencryption,
      manifestParameterArns: manifest.parameterArns,
      machine,
      emergency: emergencies,
      rollout: rollout?.machine,
      auditLogArn,
      topicArns: messages.topics,
      operatorFunctionArns: [
        ...operators.map(({ functionArn }) => functionArn),
        ...(rollout ? [rollout.posture.functionArn] : []),
        ...this.#drills,
        fingerprints.function.functionArn,
        accessAudit.function.functionArn,
        ...(certificates ? [certificates.functionArn] : []),
      ],
    });
    this.#made(
      'Operator',
      'OperatorPolicy',
      operator,
      'Policy for on-call: rotates, reads no value',
    );
    this.#made(
      'Emergencies',
      'EmergencyPolicyArn',
      emergencyPeople(this, deployment, emergency, manifest.parameterArns),
      'Policy for whoever may start an emergency',
    );
    for (const consumer of config.consumers) {
      const secrets = consumer.reads.flatMap((key) => this.secrets[key] ?? []);
      const policy = readerPolicy(
        this,
        `Reader-${consumer.name}`,
        deployment,
        consumer.name,
        secrets,
      );
      const [id, output] = [`Reader-${consumer.name}`, `ReaderPolicy-${consumer.name}`];
      this.#made(id, output, policy, `Policy for ${consumer.name}`);
    }
    if (config.breakGlassRoleArn !== undefined) {
      const secrets = Object.values(this.secrets);
      const policy = breakGlassPolicy(this, 'BreakGlass', deployment, secrets);
      this.#made(
        'BreakGlass',
        'BreakGlassPolicy',
        policy,
        `Policy for ${config.breakGlassRoleArn}`,
      );
    }
    this.#output('ControlTable', controlTableName(config), 'What rotations remember');
    this.#output('ManifestParameter', manifest.parameterName, 'What the CLI reads of this stack');
    for (const [key, { arn }] of Object.entries(this.secrets)) {
      this.#output(`SecretArn-${key}`, arn, `Secret "${key}"`);
    }
    for (const [key, secret] of this.#rotated) {
      this.#output(`Function-${key}`, secret.function.functionName, `Rotates "${key}"`);
    }
  }

  /** Of the machine that is made when its tasks are. */
  #reencryption(config: Scope): ReencryptionParts | undefined {
    return this.#rows.length === 0
      ? undefined
      : {
          machine: machineArns(this, reencryptionMachineName(config)),
          functionArns: this.#rows.map((rows) => rows.function.functionArn),
          secretNames: this.#rows.map(({ name }) => name),
        };
  }

  #operators(deployment: Deployment): readonly RoomFunction[] {
    const databases = Object.entries(deployment.config.secrets).flatMap(([key, config]) => {
      const reference = this.secrets[key];
      return config.kind === 'database' && reference !== undefined
        ? [{ key, config, reference, admin: adminOf(config, this.secrets) }]
        : [];
    });
    return new OperatorFunctions(this, 'DatabaseOperators', { deployment, databases }).functions;
  }

  #made(id: string, output: string, policies: CfnManagedPolicy[], description: string): void {
    policies.forEach(({ ref }, index) => {
      this.#output(index === 0 ? output : `${output}-${index + 1}`, ref, description);
    });
    this.#policies.set(
      id,
      policies.map(({ ref }, index) =>
        ManagedPolicy.fromManagedPolicyArn(this, `Policy-${id}-${index + 1}`, ref),
      ),
    );
  }

  /** Logical ids are alphanumeric: `ReaderPolicy-api` becomes `ReaderPolicyapi`. */
  #output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

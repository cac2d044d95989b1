/** Everything a chapter plays on: a real PostgreSQL, and the synthesized stack in the sandbox. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emergencyPolicyName, readerPolicyName, secretName } from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';
import { ownedSecretWith, secretsManagerWith } from '../doors/explicit-access.ts';
import type { OwnedSecretDoor } from '../doors/owned-secret.ts';
import type { Endpoint, Session } from '../doors/postgres/door.ts';
import { nodePostgres } from '../doors/postgres/node-postgres.ts';
import { localRandom } from '../doors/random.ts';
import {
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
} from '../sandbox/postgres/start.ts';
import {
  type Credentials,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../sandbox/start.ts';
import { Application } from './application.ts';
import {
  buildFunctions,
  inItsOwnProcess,
  localConfig,
  type RunScript,
  synthesize,
} from './assembly.ts';
import type { DataSet } from './data/data-set.ts';
import { generateDataSet } from './data/generate.ts';
import { prepareDatabase } from './database.ts';
import type { SealedPlace } from './database-proof.ts';
import { Intruder } from './intruder.ts';
import { Operator } from './operator.ts';
import { caFileOf, Pharmacy } from './pharmacy.ts';
import { Consumers, rolloutSecrets } from './rollout/consumers.ts';
import { Security } from './security.ts';
import type { Report } from './terminal/scene.ts';
import type { ValueGuard } from './terminal/value-guard.ts';

export interface Stage {
  sandbox: Sandbox;
  operator: Operator;
  /** Temporary, removed with the stage. */
  directory: string;
  /** The operator's access key, for `aws` in another terminal. */
  operatorKey: Credentials;
  application: Application;
  /** Starts emergencies. */
  security: Security;
  /** Has a key that was lost. */
  intruder: Intruder;
  /** The reference application; closed until a chapter opens it. */
  pharmacy: Pharmacy;
  /** What AfterRotation restarts and asks; absent: the configuration says nothing of that. */
  consumers?: Consumers;
  guard: ValueGuard;
  data: DataSet;
  /** The columns that rotation.config.ts declares. */
  sealedPlaces: readonly SealedPlace[];
  server: PostgresServer;
  /** Sees every row and every role; the demo looks with it, the product never does. */
  asSuperuser<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

export interface StageOptions {
  config: RotationConfig;
  clock: { start: Date; mode: 'manual' | 'flowing' };
  /** @default 0, a free port */
  port?: number;
  /** What the account holds before the stack. @default nothing */
  existing?: SandboxOptions['existing'];
  postgres?: PostgresOptions;
  /** With consumers that a rotation restarts, and asks whether they are well. @default those of `config` */
  rollout?: boolean;
  /** The last word on the configuration that is deployed. @default it stays as it is */
  configure?(local: RotationConfig): RotationConfig;
  /** @default in processes of their own */
  runScript?: RunScript;
  guard: ValueGuard;
  /** Takes what has to be closed, as soon as it is open; closed in reverse order. */
  onClose(close: () => Promise<void>): void;
}

/** The user who rotates and starts emergencies, and reads no value. */
export const onCall = 'on-call';
/** Whose access key is lost. */
const contractor = 'contractor';

/** The database the example's `db` and `legacyDb` share. */
const dbname = 'pharmacy';

export async function setStage(options: StageOptions, report: Report): Promise<Stage> {
  const { clock, guard, onClose, runScript = inItsOwnProcess } = options;
  // Without a pause between the two: an interruption may come at any moment.
  const directory = mkdtempSync(join(tmpdir(), 'quarterturn-demo-'));
  onClose(() => rm(directory, { recursive: true, force: true }));

  report.doing('bundling the rotation functions, starting PostgreSQL');
  const processes = new AbortController();
  onClose(async () => processes.abort());
  const starting = startPostgres(options.postgres);
  onClose(() => stopped(starting));
  const building = buildFunctions(processes.signal, runScript);
  // Whichever fails first is told; the other one is closed with everything else.
  const [server] = await Promise.all([starting, building]);
  guard.watch(server.superuser.password);

  const consumers = options.rollout ? await Consumers.open() : undefined;
  if (consumers !== undefined) onClose(() => consumers.close());
  const local = localConfig(options.config, server);
  const withConsumers = consumers?.configure(local) ?? local;
  const config = options.configure?.(withConsumers) ?? withConsumers;
  const endpoint: Endpoint = { host: server.host, port: server.port, dbname, ca: server.ca };
  report.doing('synthesizing the stack, preparing the roles of the database');
  const [assembly, admin] = await Promise.all([
    synthesize(config, server.ca, directory, processes.signal, runScript),
    prepareDatabase(nodePostgres, endpoint, server.superuser, databases(config)),
  ]);
  guard.watch(admin.password);
  report.changed(`PostgreSQL on ${server.host}:${server.port}, TLS and SCRAM only`);

  report.doing('loading the stack into the sandbox');
  const startingSandbox = startSandbox({
    assembly,
    clock,
    ...(options.existing !== undefined && { existing: options.existing }),
    ...(options.port !== undefined && { port: options.port }),
  });
  onClose(() => stopped(startingSandbox));
  const sandbox = await startingSandbox;
  // A new rotation rule begins with the service's test of its function.
  await sandbox.clock.idle();
  report.changed(`the synthesized stack on ${sandbox.url}, account ${sandbox.account}`);

  const access = (credentials: Credentials) => ({
    endpoint: sandbox.url,
    region: sandbox.region,
    credentials,
  });
  const adminSecret = secretName(config, 'dbAdmin');
  const owner = access(sandbox.createPrincipal('owner', { policies: [ownerPolicy(sandbox)] }));
  const value = JSON.stringify({
    engine: 'postgres',
    host: server.host,
    port: server.port,
    dbname,
    ...admin,
  });
  guard.watch(value);
  await ownedSecretWith(owner).put(adminSecret, value);
  const [healthToken, webhookKey] = consumers
    ? await Promise.all(
        rolloutSecrets.map((key) => putChance(ownedSecretWith(owner), config, key, guard)),
      )
    : [];
  report.changed(`its owner put the rotator's credential into ${adminSecret}`);

  const operatorKey = sandbox.createPrincipal(onCall, {
    managedPolicies: policiesOfTeam(sandbox.resources),
  });
  const applicationKey = sandbox.createPrincipal('api', {
    managedPolicies: [readerPolicyName(config, 'api')],
  });
  const securityKey = sandbox.createPrincipal('security', {
    managedPolicies: [emergencyPolicyName(config)],
  });
  const lostKey = sandbox.createPrincipal(contractor, { policies: [policyByHand(sandbox)] });
  const keys = [owner.credentials, operatorKey, applicationKey, securityKey, lostKey];
  for (const { secretAccessKey } of keys) guard.watch(secretAccessKey);
  const applicationWith = (key: Credentials) =>
    new Application({
      secrets: secretsManagerWith(access(key)),
      door: nodePostgres,
      endpoint,
      nameOf: (name) => secretName(config, name),
      now: () => sandbox.clock.now(),
      guard,
    });
  const operator = await Operator.of(config, access(operatorKey), sandbox);
  const asSuperuser: Stage['asSuperuser'] = (work) =>
    nodePostgres.withSession(endpoint, server.superuser, work);
  const data = generateDataSet();
  const pharmacy = new Pharmacy({
    sandbox,
    credentials: applicationKey,
    endpoint,
    caFile: caFileOf(directory),
    nameOf: (key) => secretName(config, key),
    data,
    guard,
    asSuperuser,
    ...(consumers && {
      rollout: { consumers, healthToken: secretName(config, 'healthToken') },
    }),
  });
  onClose(() => pharmacy.kill());
  if (consumers !== undefined) {
    const billingKey = sandbox.createPrincipal('billing', {
      managedPolicies: [readerPolicyName(config, 'billing')],
    });
    guard.watch(billingKey.secretAccessKey);
    consumers.prepare({
      sandbox,
      secrets: secretsManagerWith(access(billingKey)),
      secretName: secretName(config, 'db'),
      door: nodePostgres,
      endpoint,
      healthToken: healthToken ?? '',
      webhookKey: webhookKey ?? '',
    });
  }
  return {
    sandbox,
    pharmacy,
    ...(consumers && { consumers }),
    guard,
    directory,
    operatorKey,
    operator,
    application: applicationWith(applicationKey),
    security: new Security(operator.manifest, access(securityKey), sandbox),
    intruder: new Intruder(contractor, applicationWith(lostKey)),
    data,
    sealedPlaces: Object.values(config.secrets).flatMap((secret) =>
      secret.kind === 'encryption' ? secret.columns : [],
    ),
    server,
    asSuperuser,
  };
}

/**
 * Of whoever is on call here, whose key the sandbox prints: on-call's policy and that for emergencies, each of which has
 * several pages where the deployment is large.
 */
export const policiesOfTeam = (resources: Iterable<[string, { type: string }]>): string[] =>
  [...resources].flatMap(([id, { type }]) =>
    type === 'AWS::IAM::ManagedPolicy' && /^(Operator|EmergencyPolicy)\d*$/.test(id) ? [id] : [],
  );

/** A value that its owner made up: 32 bytes. */
async function putChance(
  owner: OwnedSecretDoor,
  config: RotationConfig,
  key: string,
  guard: ValueGuard,
): Promise<string> {
  const value = (await localRandom.bytes(32)).toString('base64');
  guard.watch(value);
  await owner.put(secretName(config, key), value);
  return value;
}

/** For what is still starting when everything is closed, too. */
async function stopped(starting: Promise<{ stop(): Promise<void> }>): Promise<void> {
  const started = await starting.catch(() => undefined);
  await started?.stop();
}

function databases(config: RotationConfig): DatabaseConfig[] {
  return Object.values(config.secrets).filter((secret) => secret.kind === 'database');
}

/** What somebody was given once, beside the policies of the deployment. */
const policyByHand = ({ region, outputs }: Sandbox) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow' as const,
      Action: 'secretsmanager:GetSecretValue',
      Resource: ['jwt', 'db'].flatMap((key) => outputs[`SecretArn${key}`] ?? []),
    },
    {
      Effect: 'Allow' as const,
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition: { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` } },
    },
  ],
});

/** Whoever keeps a user-managed secret puts its value, and no other. */
function ownerPolicy(sandbox: Sandbox) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow' as const,
        Action: 'secretsmanager:PutSecretValue',
        Resource: ['dbAdmin', ...rolloutSecrets].flatMap(
          (key) => sandbox.outputs[`SecretArn${key}`] ?? [],
        ),
      },
      {
        Effect: 'Allow' as const,
        Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
        Resource: '*',
        Condition: {
          StringEquals: { 'kms:ViaService': `secretsmanager.${sandbox.region}.amazonaws.com` },
        },
      },
    ],
  };
}

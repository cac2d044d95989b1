/** One JWT secret, deployed into the sandbox with its alarms; the template may be changed before. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ConfirmSubscriptionCommand, SNSClient } from '@aws-sdk/client-sns';
import { synthesize } from '../../demo/assembly.ts';
import {
  certificatesFunctionName,
  functionName,
  operatorPolicyName,
  secretName,
} from '../../domain/config/names.ts';
import { defineRotation } from '../../domain/config/rotation-config.ts';
import type { PublishedMessage } from '../../sandbox/sns/service.ts';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { makeRoot } from '../certificates.ts';
import { runScript } from '../synthesizer/run-script.ts';

const user = (name: string) => `arn:aws:iam::000000000000:user/${name}`;

export const config = defineRotation({
  name: 'pharmacy',
  environment: 'test',
  region: 'eu-west-1',
  contacts: {
    onCall: ['on-call@example.com'],
    security: ['security@example.com'],
    support: ['support@example.com'],
    chat: { product: { slack: { workspaceId: 'T0123ABCD', channelId: 'C0123ABCD' } } },
  },
  certificates: [
    { name: 'www', acm: 'arn:aws:acm:eu-west-1:000000000000:certificate/www' },
    { name: 'partner', secret: 'tls' },
  ],
  secrets: {
    tls: { kind: 'userManaged', purpose: 'TLS certificate of the partner, with its key.' },
    jwt: {
      kind: 'jwt',
      field: 'JWT_SECRET',
      bits: 512,
      encoding: 'base64',
      cadenceDays: 20,
      leadDays: 5,
      readers: 'keyset',
      signerCache: '5m',
      longestToken: '30d',
    },
    gitHubWebhook: { kind: 'userManaged', purpose: 'Signs what GitHub sends.' },
  },
  triggers: {
    exposure: { from: [user('scanner')] },
    offboarding: { from: [user('directory')], people: { ada: ['jwt'] } },
    deployment: { from: [user('pipeline')] },
    gitHub: {
      secret: 'gitHubWebhook',
      alerts: [{ repository: 'pharmacy/api', secrets: ['jwt'] }],
    },
  },
});

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON
type Template = any;

const templateFile = 'Quarterturn-pharmacy-test.template.json';
let shared: string | undefined;

/** One synthesis for every stage of a file: they differ by what is changed in the template. @returns what removes it */
export async function synthesizeOnce(): Promise<() => void> {
  const directory = mkdtempSync(join(tmpdir(), 'quarterturn-alarms-assembly-'));
  shared = await synthesized(directory);
  return () => rmSync(directory, { recursive: true, force: true });
}

const synthesized = (directory: string): Promise<string> =>
  synthesize(config, '', directory, new AbortController().signal, runScript);

export class AlarmStage {
  readonly sandbox: Sandbox;
  readonly #directory: string;
  readonly access: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
    maxAttempts: number;
  };

  private constructor(sandbox: Sandbox, directory: string) {
    this.sandbox = sandbox;
    this.#directory = directory;
    const administrator = sandbox.createPrincipal('administrator', {
      policies: [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
    });
    const { url: endpoint, region } = sandbox;
    this.access = { endpoint, region, credentials: administrator, maxAttempts: 1 };
  }

  static async start(change: (template: Template) => void = () => undefined): Promise<AlarmStage> {
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    const directory = mkdtempSync(join(tmpdir(), 'quarterturn-alarms-'));
    try {
      const assembly = join(directory, 'cdk.out');
      if (shared === undefined) await synthesized(directory);
      else cpSync(shared, assembly, { recursive: true });
      const path = join(assembly, templateFile);
      const template = JSON.parse(readFileSync(path, 'utf8'));
      change(template);
      writeFileSync(path, JSON.stringify(template));
      const clock = { start: new Date('2026-01-05T03:00:10Z'), mode: 'manual' as const };
      const sandbox = await startSandbox({ assembly, clock });
      await sandbox.clock.idle();
      return new AlarmStage(sandbox, directory);
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.sandbox.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Every schedule and every alarm on the way. */
  async passing(minutes: number): Promise<void> {
    const { clock } = this.sandbox;
    await clock.advanceTo(new Date(clock.now().getTime() + minutes * 60_000));
  }

  /** Time in which only the last tick matters. */
  async passingDays(days: number): Promise<void> {
    const { clock } = this.sandbox;
    await clock.advanceTo(new Date(clock.now().getTime() + days * 86_400_000), 'last');
  }

  /** For the `aws` command. */
  awsEnvironment(): Record<string, string> {
    const { credentials, endpoint, region } = this.access;
    return {
      HOME: this.#directory,
      PYENV_VERSION: process.env.PYENV_VERSION ?? '',
      AWS_ENDPOINT_URL: endpoint,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  client<T>(Client: new (access: object) => T): T {
    return new Client(this.access);
  }

  async rotate(): Promise<void> {
    const SecretId = secretName(config, 'jwt');
    await this.client(SecretsManagerClient).send(new RotateSecretCommand({ SecretId }));
    await this.sandbox.clock.idle();
  }

  /** Puts a certificate into ACM, which ends so many days from now. */
  async certificateInAcm(days: number): Promise<void> {
    const now = this.sandbox.clock.now();
    const { pem } = await (await makeRoot({ notBefore: now })).issue({
      hosts: ['www.example.com'],
      notBefore: now,
      notAfter: new Date(now.getTime() + days * 86_400_000),
    });
    const inUseBy = ['arn:aws:cloudfront::000000000000:distribution/E1'];
    this.sandbox.putCertificate({ id: 'www', certificate: pem, inUseBy });
  }

  /** The partner's, as its owner puts it: the key first. @returns the key */
  async certificateInSecret(): Promise<string> {
    const now = this.sandbox.clock.now();
    const root = await makeRoot({ notBefore: now });
    const { pem, key } = await root.issue({
      hosts: ['partner.example.com'],
      notBefore: now,
      notAfter: new Date(now.getTime() + 90 * 86_400_000),
    });
    await this.client(SecretsManagerClient).send(
      new PutSecretValueCommand({
        SecretId: secretName(config, 'tls'),
        SecretString: `${key}\n${pem}`,
      }),
    );
    return key;
  }

  /** As on-call does it, with the rights of its policy. */
  async lookAtCertificates(): Promise<unknown> {
    const managedPolicies = [operatorPolicyName(config)];
    const credentials = this.sandbox.createPrincipal('on-call', { managedPolicies });
    const lambda = new LambdaClient({ ...this.access, credentials });
    const { Payload } = await lambda.send(
      new InvokeCommand({ FunctionName: certificatesFunctionName(config) }),
    );
    return JSON.parse(Buffer.from(Payload ?? []).toString());
  }

  /** The next calls of a function fail, with this code. */
  fail(part: string, times: number, code = 'InternalError') {
    return this.sandbox.injectFault({
      service: 'lambda',
      operation: 'Invoke',
      match: { functionName: functionName(config, part) },
      when: 'before',
      error: { code },
      times,
    });
  }

  async confirmSubscriptions(): Promise<void> {
    const sns = this.client(SNSClient);
    for (const { topicArn: TopicArn, token: Token } of this.sandbox.mail()) {
      await sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token }));
    }
  }

  events = () => this.client(EventBridgeClient);

  published(audience: 'on-call' | 'security' | 'support' | 'product-chat'): PublishedMessage[] {
    const name = functionName(config, audience);
    return this.sandbox.messages().filter(({ topicArn }) => topicArn.endsWith(`:${name}`));
  }

  /** What is told in words: no alarm. */
  written(audience: Parameters<AlarmStage['published']>[0]): PublishedMessage[] {
    return this.published(audience).filter(({ message }) => !message.startsWith('{"AlarmName"'));
  }

  /** `ALARM step-failed-jwt`, in the order in which they reached the topic. */
  told(audience: 'on-call' | 'security' = 'on-call'): string[] {
    const alarms = this.published(audience).filter(({ message }) => message.startsWith('{'));
    return alarms.map(({ message }) => {
      const { NewStateValue, AlarmName } = JSON.parse(message) as Record<string, string>;
      return `${NewStateValue} ${AlarmName?.slice(functionName(config, '').length)}`;
    });
  }
}

/** Takes one statement out of the policy of the key of topics, queues and logs. */
export const withoutKeyStatement = (sid: string) => (template: Template) => {
  const [key] = Object.entries<Template>(template.Resources)
    .filter(([id, { Type }]) => Type === 'AWS::KMS::Key' && id.startsWith('KeysMessages'))
    .map(([, resource]) => resource);
  const { KeyPolicy } = key.Properties;
  const kept = KeyPolicy.Statement.filter(({ Sid }: { Sid: string }) => Sid !== sid);
  if (kept.length !== KeyPolicy.Statement.length - 1) {
    throw new Error(`the key has no statement ${sid}`);
  }
  KeyPolicy.Statement = kept;
};

/** Takes the permission away with which a rule invokes its function. */
export const withoutPermission = (start: string) => (template: Template) => {
  const [id] = Object.keys(template.Resources).filter((logicalId) =>
    logicalId.startsWith(`${start}Permission`),
  );
  if (id === undefined) throw new Error(`no permission of ${start}`);
  delete template.Resources[id];
};

/**
 * Where the same commands go over HTTP, signed: to whatever AWS_ENDPOINT_URL names (another stand-in, or AWS), or else
 * to a sandbox started here. Only secrets that were made here are touched, and none is left behind.
 */
import { randomBytes } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { functionResources, makeAssembly } from '../sandbox/assembly.ts';
import { start } from './in-process-account.ts';
import type { Answer, Request } from './requests.ts';
import { send } from './sdk-line.ts';

const prefix = 'quarterturn-model-';
const loopback = /^(127\.0\.0\.1|localhost|\[::1\])$/;

/**
 * @returns the endpoint the user named, if any
 * @throws Error for one beyond this machine, unless MODEL_ENDPOINT_HOST repeats its host: secrets are made there, and paid for
 */
export function namedEndpoint(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { AWS_ENDPOINT_URL: url, MODEL_ENDPOINT_HOST: allowed } = env;
  if (url === undefined || url === '') {
    return undefined;
  }
  const { hostname } = new URL(url);
  if (!loopback.test(hostname) && hostname !== allowed) {
    throw new Error(
      `AWS_ENDPOINT_URL names ${hostname}, which is not this machine; expected a loopback address. These tests make, change and delete secrets named ${prefix}… there: set MODEL_ENDPOINT_HOST=${hostname} if that is meant.`,
    );
  }
  return url;
}

export class Endpoint {
  /** It is our own: it has a rotation function, and deletion is done when it is answered. */
  readonly sandbox: Sandbox | undefined;
  readonly #client: SecretsManagerClient;
  readonly #removeAssembly: () => void;
  readonly #made = new Set<string>();

  private constructor(client: SecretsManagerClient, sandbox?: Sandbox, remove = () => {}) {
    this.#client = client;
    this.sandbox = sandbox;
    this.#removeAssembly = remove;
  }

  static async open(env: NodeJS.ProcessEnv): Promise<Endpoint> {
    const endpoint = namedEndpoint(env);
    if (endpoint !== undefined) {
      // Region and credentials are the user's, as for any SDK.
      return new Endpoint(new SecretsManagerClient({ endpoint, maxAttempts: 1 }));
    }
    const assembly = makeAssembly(template, 'export const handler = async () => undefined;');
    const clock = { start, mode: 'manual' as const };
    const sandbox = await startSandbox({ assembly: assembly.folder, clock });
    const Action = ['secretsmanager:*', 'lambda:InvokeFunction'];
    const Statement = [{ Effect: 'Allow' as const, Action, Resource: '*' }];
    const client = new SecretsManagerClient({
      endpoint: sandbox.url,
      region: sandbox.region,
      maxAttempts: 1,
      credentials: sandbox.createPrincipal('model', { policies: [{ Statement }] }),
    });
    return new Endpoint(client, sandbox, assembly.remove);
  }

  get now(): number {
    return this.sandbox?.clock.now().getTime() ?? Date.now();
  }

  /** Makes a secret that was not there before. */
  async make(
    request: Extract<Request, { op: 'create' }>,
  ): Promise<{ name: string; answer: Answer }> {
    const name = `${prefix}${randomBytes(6).toString('hex')}`;
    const answer = await this.#send(name, request);
    if ('ok' in answer) {
      this.#made.add(name);
    }
    return { name, answer };
  }

  /** @throws Error about a secret that was not made here; nothing is sent */
  async ask(name: string, request: Request): Promise<Answer> {
    if (!this.#made.has(name)) {
      throw new Error(`${name} was not made by this run; expected one that was. Nothing was sent.`);
    }
    return this.#send(name, request);
  }

  #send(name: string, request: Request): Promise<Answer> {
    const lambdaArn = this.sandbox?.outputs.Function;
    return send({ client: this.#client, secretId: name, lambdaArn }, request);
  }

  /** What was made is deleted for good. @returns the names */
  async clean(): Promise<string[]> {
    const made = [...this.#made];
    for (const name of made) {
      await this.#send(name, { op: 'delete', force: true });
      this.#made.delete(name);
    }
    return made;
  }

  async close(): Promise<void> {
    await this.clean().finally(async () => {
      this.#client.destroy();
      await this.sandbox?.stop();
      this.#removeAssembly();
    });
  }
}

const template = {
  Resources: {
    ...functionResources('Rotate', { Timeout: 30 }),
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { 'Fn::GetAtt': ['Rotate', 'Arn'] },
        Principal: 'secretsmanager.amazonaws.com',
        SourceAccount: { Ref: 'AWS::AccountId' },
      },
    },
  },
  Outputs: { Function: { Value: { 'Fn::GetAtt': ['Rotate', 'Arn'] } } },
};

/** One cluster: what is in it, who may do what, and its API behind a certificate authority of its own. */
import { randomUUID } from 'node:crypto';
import { LostAnswerError } from '../faults.ts';
import { type Certificates, makeCertificates } from '../postgres/certificates.ts';
import type { Answer } from '../protocols.ts';
import { LoopbackServer } from '../server.ts';
import { type Caller, type RestRequest, ServiceException } from '../service.ts';
import { callerOf } from './bearer-token.ts';
import type { Deployment } from './deployment.ts';
import type { AccessRule, ExistingCluster } from './existing.ts';
import type { ExternalSecret } from './external-secret.ts';
import { answerAs, readCall } from './kubernetes-api.ts';
import type { EksSettings } from './service.ts';
import { KubernetesStatus, type ObjectPlace, statusAnswer, unauthorized } from './status.ts';

export class Cluster {
  readonly existing: ExistingCluster;
  readonly created: Date;
  readonly ca: string;
  readonly deployments = new Map<string, Deployment>();
  readonly externalSecrets = new Map<string, ExternalSecret>();
  /** By ARN of the principal. */
  readonly access = new Map<string, readonly AccessRule[]>();
  readonly #settings: EksSettings;
  readonly #server: LoopbackServer;

  private constructor(
    existing: ExistingCluster,
    certificates: Certificates,
    settings: EksSettings,
  ) {
    this.existing = existing;
    this.ca = certificates.ca;
    this.created = settings.clock.now();
    this.#settings = settings;
    const answer = (request: RestRequest) => this.#answer(request);
    this.#server = new LoopbackServer(answer, answer, certificates);
  }

  static async start(existing: ExistingCluster, settings: EksSettings): Promise<Cluster> {
    const authority = `kubernetes of ${existing.name}`;
    const certificates = await makeCertificates(['127.0.0.1', 'localhost'], 'valid', authority);
    const cluster = new Cluster(existing, certificates, settings);
    await cluster.#server.listen(0);
    return cluster;
  }

  get endpoint(): string {
    return this.#server.url;
  }

  async stop(): Promise<void> {
    for (const running of [...this.deployments.values(), ...this.externalSecrets.values()]) {
      running.forget();
    }
    await this.#server.close();
  }

  deployment(namespace: string, name: string): Deployment | undefined {
    return this.deployments.get(`${namespace}/${name}`);
  }

  externalSecret(namespace: string, name: string): ExternalSecret | undefined {
    return this.externalSecrets.get(`${namespace}/${name}`);
  }

  allows(arn: string, verb: 'get' | 'patch', { namespace, resource, name }: ObjectPlace): boolean {
    const rules = this.access.get(arn) ?? [];
    return rules.some(
      (rule) =>
        rule.resource === resource &&
        rule.verbs.includes(verb) &&
        (rule.namespace ?? namespace) === namespace &&
        (rule.name ?? name) === name,
    );
  }

  serves(group: string, version: string): boolean {
    const { externalSecretsVersion = 'v1' } = this.existing;
    return group === 'apps' ? version === 'v1' : version === externalSecretsVersion;
  }

  async #answer(request: RestRequest): Promise<Answer> {
    const { faults, requests, clock } = this.#settings;
    const started = performance.now();
    const call = readCall(request, this.existing.name);
    let principal: string | undefined;
    let answer: Answer | undefined;
    let errorCode: string | undefined;
    try {
      const user = await this.#userOf(request);
      principal = user?.arn;
      const subject = { service: 'kubernetes', ...call, principal: principal ?? '' };
      answer = await faults.around(subject, async () => answerAs(user, request, this));
    } catch (error) {
      if (error instanceof LostAnswerError) {
        errorCode = error.how;
        throw error;
      }
      const status = statusOf(error);
      errorCode = status.reason;
      answer = statusAnswer(status);
    } finally {
      requests.add({
        time: clock.now(),
        ...(principal !== undefined && { principal }),
        service: 'kubernetes',
        ...call,
        status: answer?.status ?? 0,
        ...(errorCode !== undefined && { errorCode }),
        requestId: randomUUID(),
        milliseconds: performance.now() - started,
      });
    }
    return answer;
  }

  /** @throws KubernetesStatus 401 for a token that is not good, or of somebody without an access entry */
  async #userOf({ headers }: RestRequest): Promise<{ name: string; arn: string } | undefined> {
    const { authorization } = headers;
    if (authorization === undefined) return undefined;
    const [, token = ''] = /^Bearer (\S+)$/.exec(authorization) ?? [];
    const { clock } = this.#settings;
    const clocks = [() => clock.now(), () => new Date()];
    const caller = await callerOf(token, this.existing.name, { ...this.#settings, clocks });
    if (caller === undefined) throw unauthorized();
    const arn = [...this.access.keys()].find((principal) => isPrincipal(caller, principal));
    if (arn === undefined) throw unauthorized();
    // Without a user name of its own an entry gives the ARN, of a role that of its session.
    return { name: caller.arn, arn };
  }
}

/** A session's ARN has the name of its role, without its path; names are unique in an account. */
function isPrincipal({ arn, kind }: Caller, principal: string): boolean {
  if (kind !== 'role') return arn === principal;
  const [, role] = /:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return role !== undefined && /:role\/(?:.*\/)?([^/]+)$/.exec(principal)?.[1] === role;
}

function statusOf(error: unknown): KubernetesStatus {
  if (error instanceof KubernetesStatus) return error;
  if (error instanceof ServiceException) {
    return new KubernetesStatus(error.status, error.code, error.message);
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new KubernetesStatus(500, 'InternalError', `Internal error occurred: ${what}`);
}

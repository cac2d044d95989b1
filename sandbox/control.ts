/**
 * The controls of a running sandbox over HTTP, under `/_sandbox/`, with the bearer token it printed.
 * The same functions serve tests in process; whoever is outside (CLI, demo, a shell) uses these paths:
 *
 *   GET    clock                           → { now, mode }
 *   POST   clock   { advanceTo, recurring? } or { settle: true, horizonMilliseconds? }
 *   GET    faults  POST faults <Fault>     DELETE faults  DELETE faults/<id>
 *   GET    requests · events · logs[?function=name] · messages · outputs · resources
 *   POST   certificates { id, certificate?, status?, renewal?, inUseBy? } into ACM → { arn }
 *   ECS services, scalable targets, deployment groups and functions beside the stack: control-account.ts
 *   EKS clusters beside the stack, and what is in them: control-clusters.ts
 *   CloudTrail's records and trails, and Athena: control-trails.ts
 *   POST   deploy     { assembly }         as `cdk deploy` of that folder → { status, events }
 *   POST   destroy                         as `cdk destroy`
 *   POST   reset                           everything as after the start; keys and principals stay
 *   POST   principals { name, policies?, managedPolicies?, role?, mfa? } → an access key
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { SandboxClock } from './clock.ts';
import { type AccountSandbox, putIntoAccount } from './control-account.ts';
import { putIntoClusters } from './control-clusters.ts';
import { parseCertificate, parseDeploy, parseFault, parseGrant } from './control-input.ts';
import { controlTrails } from './control-trails.ts';
import type { Faults } from './faults.ts';
import { type Answer, readJson } from './protocols.ts';
import type { Fault, Grant, Sandbox } from './sandbox.ts';
import { type RestRequest, ServiceException } from './service.ts';
import { StackOperationError } from './template/stack-operation.ts';

export interface ControlSettings {
  token: string;
  clock: SandboxClock;
  faults: Faults;
  sandbox: () => AccountSandbox &
    Pick<
      Sandbox,
      | 'athena'
      | 'cloudtrail'
      | 'eks'
      | 'requests'
      | 'events'
      | 'logs'
      | 'outputs'
      | 'resources'
      | 'notSimulated'
      | 'createPrincipal'
      | 'putCertificate'
      | 'reset'
      | 'deploy'
      | 'destroy'
    >;
  messages: () => readonly unknown[];
}

export async function control(request: RestRequest, settings: ControlSettings): Promise<Answer> {
  try {
    if (!isBearer(request.headers.authorization, settings.token)) {
      return json(401, { message: 'The control token is missing or wrong.' });
    }
    return await route(request, settings);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const more =
      error instanceof StackOperationError ? { status: error.status, events: error.events } : {};
    return json(error instanceof ServiceException ? error.status : 400, { message, ...more });
  }
}

async function route(request: RestRequest, settings: ControlSettings): Promise<Answer> {
  const [name = '', id] = request.path.slice('/_sandbox/'.length).split('/');
  switch (`${request.method} ${name}`) {
    case 'GET clock':
      return json(200, clockState(settings));
    case 'POST clock':
      await moveClock(readJson(request.body), settings.clock);
      return json(200, clockState(settings));
    case 'GET faults':
      return json(200, settings.faults.list());
    case 'POST faults': {
      const fault: Fault = parseFault(readJson(request.body));
      return json(201, { id: settings.faults.inject(fault).id });
    }
    case 'DELETE faults':
      if (id === undefined) {
        settings.faults.clear();
      } else {
        settings.faults.remove(id);
      }
      return json(200, settings.faults.list());
    case 'GET requests':
      return json(200, settings.sandbox().requests());
    case 'GET events':
      return json(200, settings.sandbox().events());
    case 'GET logs':
      return json(200, settings.sandbox().logs(request.query.get('function') ?? undefined));
    case 'GET messages':
      return json(200, settings.messages());
    case 'GET outputs': {
      const { outputs, notSimulated } = settings.sandbox();
      return json(200, { outputs, notSimulated });
    }
    case 'GET resources':
      return json(200, Object.fromEntries(settings.sandbox().resources));
    case 'POST deploy':
      return json(200, await settings.sandbox().deploy(parseDeploy(readJson(request.body))));
    case 'POST destroy':
      return json(200, await settings.sandbox().destroy());
    case 'POST reset':
      await settings.sandbox().reset();
      return json(200, {});
    case 'POST certificates':
      return json(201, settings.sandbox().putCertificate(parseCertificate(readJson(request.body))));
    case 'POST principals': {
      const { name: principal, ...grant }: Grant & { name: string } = parseGrant(
        readJson(request.body),
      );
      return json(201, settings.sandbox().createPrincipal(principal, grant));
    }
    default: {
      const account =
        putIntoAccount(request, name, settings.sandbox()) ??
        (await putIntoClusters(request, name, settings.sandbox())) ??
        (await controlTrails(request, name, settings.sandbox()));
      if (account !== undefined) return json(account.status, account.body);
      return json(404, { message: `There is no control ${request.method} ${request.path}.` });
    }
  }
}

function clockState({ clock }: ControlSettings): object {
  return { now: clock.now().toISOString(), mode: clock.mode };
}

async function moveClock(input: Record<string, unknown>, clock: SandboxClock): Promise<void> {
  const { advanceTo, recurring = 'every', settle, horizonMilliseconds } = input;
  if (settle === true) {
    await clock.settle(horizonMilliseconds === undefined ? undefined : Number(horizonMilliseconds));
    return;
  }
  const target = new Date(String(advanceTo));
  if (Number.isNaN(target.getTime()) || (recurring !== 'every' && recurring !== 'last')) {
    throw new TypeError(
      'Expected { "advanceTo": <ISO 8601 instant>, "recurring": "every" or "last" } or { "settle": true }.',
    );
  }
  await clock.advanceTo(target, recurring);
}

function isBearer(authorization: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}

function json(status: number, body: unknown): Answer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status, headers, body: `${JSON.stringify(body)}\n` };
}

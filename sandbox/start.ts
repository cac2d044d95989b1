/** Starts the sandbox: the services, the server in front of them, and a stack loaded into them. */
import { randomBytes } from 'node:crypto';
import { control } from './control.ts';
import { CredentialStore } from './credentials.ts';
import { dispatch } from './dispatch.ts';
import { functionUrlPath } from './lambda/function-url.ts';
import { emptyWorld, type LoadedWorld, loadInto, type WorldSettings } from './loaded-world.ts';
import { ACCOUNT, type Grant, type Sandbox, type SandboxOptions } from './sandbox.ts';
import { LoopbackServer } from './server.ts';
import { ServiceException } from './service.ts';
import { readStack } from './template/assembly.ts';
import type { Loaded } from './template/load.ts';

export type { Credentials, Fault, Sandbox, SandboxOptions } from './sandbox.ts';
export { StackOperationError } from './template/stack-operation.ts';

const DEFAULT_REGION = 'eu-west-1';

/**
 * @throws SandboxLoadError when the assembly cannot be loaded; nothing is left running
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const stack = readStack(options.assembly, options.stackName);
  const region = options.region ?? stack.region ?? DEFAULT_REGION;
  const controlToken = randomBytes(24).toString('base64url');
  const credentials = new CredentialStore();
  const principals = new Map<string, Grant>();
  const settings: WorldSettings = {
    stack,
    region,
    clock: options.clock,
    existing: options.existing,
    credentials,
    endpoint: () => server.url,
  };
  let world = emptyWorld(settings);
  const server = new LoopbackServer(
    (request) =>
      request.path.startsWith(functionUrlPath)
        ? world.services.lambda.urls.answer(request)
        : dispatch(request, world.aws),
    (request) =>
      control(request, {
        token: controlToken,
        clock: world.clock,
        faults: world.faults,
        sandbox: () => sandbox,
        messages: () => world.services.sns.published(),
      }),
  );
  const stop = async () => {
    await server.close();
    await world.stop();
  };

  await server.listen(options.port ?? 0);
  await loadInto(world, settings).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const sandbox: Sandbox = {
    url: server.url,
    region,
    account: ACCOUNT,
    controlToken,
    get clock() {
      return world.clock;
    },
    get outputs() {
      return loaded(world).outputs;
    },
    get notSimulated() {
      return loaded(world).notSimulated;
    },
    get resources() {
      return loaded(world).resources;
    },
    createPrincipal(name, grant) {
      const { arn } = putPrincipal(world, name, grant);
      principals.set(name, grant);
      const issuedAt = world.clock.now();
      if (grant.role === true) {
        const { iam } = world.services;
        return credentials.issue({ ...iam.callerOfRole(arn, 'session'), session: { issuedAt } });
      }
      const session = { issuedAt, mfaAt: issuedAt };
      return credentials.issue({ arn, kind: 'user', ...(grant.mfa === true && { session }) });
    },
    putCertificate: (certificate) => world.services.acm.put(certificate),
    get ecs() {
      return world.services.ecs;
    },
    get eks() {
      return world.services.eks;
    },
    get athena() {
      return world.services.athena;
    },
    get cloudtrail() {
      return world.services.cloudtrail;
    },
    putScalableTarget: (target) => world.services.applicationAutoScaling.putTarget(target),
    putDeploymentGroup: (group) => world.services.codedeploy.putDeploymentGroup(group),
    putFunction: (existing) => world.services.lambda.existing.put(existing),
    injectFault: (fault) => world.faults.inject(fault),
    dropNextEvent: (detailType, detail) => world.services.events.dropNext(detailType, detail),
    duplicateNextEvent: (detailType, detail) =>
      world.services.events.duplicateNext(detailType, detail),
    requests: () => world.requests.all(),
    events: () => world.services.events.recorded(),
    logs: (name) =>
      world.services.logs.lines(
        name === undefined ? undefined : world.services.lambda.logGroupOf(name),
      ),
    linesOf: (logGroup) => world.services.logs.lines(logGroup),
    messages: () => world.services.sns.published(),
    mail: () => world.services.sns.mail(),
    undelivered: () => world.services.cloudwatch.undelivered(),
    deploy: async (assembly) => world.stack.deploy(readStack(assembly, options.stackName)),
    destroy: () => world.stack.destroy(),
    continueRollback: (skip = []) => world.stack.continueRollback(skip),
    async reset() {
      await world.stop();
      world = emptyWorld(settings);
      await loadInto(world, settings);
      for (const [name, grant] of principals) {
        putPrincipal(world, name, grant);
      }
    },
    stop,
  };
  return sandbox;
}

function putPrincipal(
  { services: { iam } }: LoadedWorld,
  name: string,
  { policies = [], managedPolicies = [], role = false }: Grant,
): { arn: string } {
  return role
    ? iam.putRole(name, policies, managedPolicies)
    : iam.putUser(name, policies, managedPolicies);
}

function loaded({ stack: { loaded } }: LoadedWorld): Loaded {
  if (loaded === undefined) {
    throw new ServiceException('ServiceUnavailable', 'The stack is being loaded.', 503);
  }
  return loaded;
}

/** Starts the sandbox: the services, the server in front of them, and a stack loaded into them. */
import { randomBytes } from 'node:crypto';
import { SandboxClock } from './clock.ts';
import { control } from './control.ts';
import { CredentialStore } from './credentials.ts';
import { dispatch } from './dispatch.ts';
import { Faults } from './faults.ts';
import { logGroupOf } from './lambda/function.ts';
import { RequestLog } from './request-log.ts';
import { ACCOUNT, type Sandbox, type SandboxOptions } from './sandbox.ts';
import { LoopbackServer } from './server.ts';
import { makeServices } from './services.ts';
import { readStack } from './template/assembly.ts';
import { loadStack } from './template/load.ts';

export type { Credentials, Fault, Sandbox, SandboxOptions } from './sandbox.ts';

const DEFAULT_REGION = 'eu-west-1';

/**
 * @throws SandboxLoadError when the assembly cannot be loaded; nothing is left running
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const stack = readStack(options.assembly, options.stackName);
  const region = options.region ?? stack.region ?? DEFAULT_REGION;
  const clock = new SandboxClock(options.clock.start, options.clock.mode);
  const controlToken = randomBytes(24).toString('base64url');
  const credentials = new CredentialStore();
  const faults = new Faults();
  const requests = new RequestLog();
  const services = makeServices({
    account: ACCOUNT,
    region,
    clock,
    credentials,
    faults,
    requests,
    endpoint: () => server.url,
  });
  const now = () => clock.now();
  const aws = {
    services: services.bySigningName,
    iam: services.iam,
    credentials,
    faults,
    requests,
    region,
    now,
    clocks: [now, () => new Date()],
  };
  const server = new LoopbackServer(
    (request) => dispatch(request, aws),
    (request) =>
      control(request, {
        token: controlToken,
        clock,
        faults,
        sandbox: () => sandbox,
        messages: () => services.sns.published(),
      }),
  );
  const stop = async () => {
    clock.stop();
    await server.close();
    await services.lambda.stop();
    services.dynamodb.stop();
  };

  await server.listen(options.port ?? 0);
  const loaded = await loadStack(stack, { account: ACCOUNT, region, ...services }).catch(
    async (error: unknown) => {
      await stop();
      throw error;
    },
  );
  const sandbox: Sandbox = {
    url: server.url,
    region,
    account: ACCOUNT,
    controlToken,
    clock,
    ...loaded,
    createPrincipal(name, { policies = [], managedPolicies = [] }) {
      const { arn } = services.iam.putUser(name, policies, managedPolicies);
      return credentials.issue({ arn, kind: 'user' });
    },
    injectFault: (fault) => faults.inject(fault),
    dropNextEvent: (detailType, detail) => services.events.dropNext(detailType, detail),
    duplicateNextEvent: (detailType, detail) => services.events.duplicateNext(detailType, detail),
    requests: () => requests.all(),
    events: () => services.events.recorded(),
    logs: (name) => services.logs.lines(name === undefined ? undefined : logGroupOf(name)),
    stop,
  };
  return sandbox;
}

/** Everything a reset throws away and makes anew: clock, services, and the stack loaded into them. */
import { SandboxClock } from './clock.ts';
import { CloudFormationService } from './cloudformation/service.ts';
import { DeployedStack } from './cloudformation/stack.ts';
import type { CredentialStore } from './credentials.ts';
import type { DispatcherSettings } from './dispatch.ts';
import { waysThrough } from './ec2/way.ts';
import { Faults } from './faults.ts';
import { RequestLog } from './request-log.ts';
import { ACCOUNT, type SandboxOptions } from './sandbox.ts';
import { type AllServices, makeServices } from './services.ts';
import type { Stack } from './template/assembly.ts';

export interface LoadedWorld {
  clock: SandboxClock;
  faults: Faults;
  requests: RequestLog;
  services: AllServices;
  aws: DispatcherSettings;
  stack: DeployedStack;
  stop(): Promise<void>;
}

export interface WorldSettings {
  stack: Stack;
  region: string;
  clock: SandboxOptions['clock'];
  existing: SandboxOptions['existing'];
  /** Outlives a reset: who holds a key keeps it. */
  credentials: CredentialStore;
  endpoint: () => string;
}

/** Empty services; `loadInto` fills them. They answer already, because functions of the stack call them. */
export function emptyWorld({ region, credentials, ...settings }: WorldSettings): LoadedWorld {
  const clock = new SandboxClock(settings.clock.start, settings.clock.mode);
  const faults = new Faults();
  const requests = new RequestLog();
  const { endpoint } = settings;
  const place = { account: ACCOUNT, region, clock, credentials, faults, requests, endpoint };
  const services = makeServices(place);
  const now = () => clock.now();
  const stack = new DeployedStack({ account: ACCOUNT, region, ...services }, now);
  const cloudFormation = new CloudFormationService(stack);
  return {
    clock,
    faults,
    requests,
    services,
    aws: {
      services: new Map([...services.bySigningName, [cloudFormation.signingName, cloudFormation]]),
      iam: services.iam,
      ways: waysThrough(services.networks, services.iam),
      credentials,
      faults,
      requests,
      region,
      now,
      clocks: [now, () => new Date()],
    },
    stack,
    async stop() {
      clock.stop();
      await services.lambda.stop();
      await services.eks.stop();
      services.dynamodb.stop();
    },
  };
}

export async function loadInto(world: LoadedWorld, { stack, existing }: WorldSettings) {
  const { kms, secretsManager } = world.services;
  for (const { keyId, policy } of existing?.keys ?? []) {
    kms.createKey({ logicalId: keyId, keyId, policy });
  }
  for (const secret of existing?.secrets ?? []) {
    secretsManager.createExisting(secret);
  }
  await world.stack.load(stack);
}

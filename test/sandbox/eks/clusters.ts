/** EKS behind the sandbox's server, a cluster in it, and a role with an access entry. */
import { EKSClient } from '@aws-sdk/client-eks';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { CredentialStore } from '../../../sandbox/credentials.ts';
import { EksService } from '../../../sandbox/eks/service.ts';
import { Faults } from '../../../sandbox/faults.ts';
import { RequestLog } from '../../../sandbox/request-log.ts';
import { ScriptedIam } from '../scripted-ports.ts';
import { serve } from '../serve.ts';

export const account = '000000000000';
export const region = 'eu-west-1';
export const cluster = 'prod';
export const namespace = 'shop';

export async function startClusters() {
  // Functions sign by the machine's clock; a stand-in that is years away must take their tokens all the same.
  const clock = new SandboxClock(new Date('2031-05-17T17:00:00Z'), 'manual');
  const credentials = new CredentialStore();
  const faults = new Faults();
  const requests = new RequestLog();
  const iam = new ScriptedIam();
  const endpoint = () => served.client.endpoint;
  const place = { account, region, clock, credentials, faults, requests, endpoint };
  const eks = new EksService(place);
  const served = await serve(eks, iam, credentials);
  const role = (name: string) =>
    credentials.issue({
      arn: `arn:aws:sts::${account}:assumed-role/${name}/rollout`,
      kind: 'role',
    });
  const { endpoint: api } = await eks.putCluster({ name: cluster });
  return {
    api,
    clock,
    credentials,
    eks,
    faults,
    iam,
    requests,
    client: served.client,
    environment: { AWS_ENDPOINT_URL: served.client.endpoint },
    /** An SDK client with the credentials of this role, `path` and all. */
    clientOf: (roleName: string) =>
      new EKSClient({ ...served.client, credentials: role(roleName) }),
    role,
    /** Lets a role do this to everything in the namespace. */
    admit: (roleName: string, ...verbs: ('get' | 'patch')[]) =>
      eks.putAccessEntry({
        cluster,
        principalArn: `arn:aws:iam::${account}:role/functions/${roleName}`,
        rules: (['deployments', 'externalsecrets'] as const).map((resource) => ({
          verbs,
          resource,
          namespace,
        })),
      }),
    after: (seconds: number) => clock.advanceTo(new Date(clock.now().getTime() + seconds * 1_000)),
    stop: async () => {
      clock.stop();
      await eks.stop();
      await served.stop();
    },
  };
}

/** IAM, STS and one service to be let into, behind the real server, with a clock that is moved by hand. */
import { IAMClient } from '@aws-sdk/client-iam';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { CredentialStore } from '../../../sandbox/credentials.ts';
import { dispatch } from '../../../sandbox/dispatch.ts';
import { Faults } from '../../../sandbox/faults.ts';
import { Iam } from '../../../sandbox/iam/iam.ts';
import type { PolicyDocument, Statement } from '../../../sandbox/iam/policy.ts';
import { IamService } from '../../../sandbox/iam/service.ts';
import { RequestLog } from '../../../sandbox/request-log.ts';
import type { Credentials } from '../../../sandbox/sandbox.ts';
import { LoopbackServer } from '../../../sandbox/server.ts';
import type { AwsService } from '../../../sandbox/service.ts';
import { StsService } from '../../../sandbox/sts/service.ts';

export const account = '000000000000';
export const region = 'eu-west-1';
export const policy = (...statements: Statement[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements,
});
export const allow = (
  Action: string | string[],
  Resource: string | string[],
  Condition?: Statement['Condition'],
): Statement => ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });

/** Parameter Store of one operation: whoever may call it is answered. */
const parameters: AwsService = {
  signingName: 'ssm',
  protocol: 'json-1.1',
  targetPrefix: 'AmazonSSM',
  operations: {
    GetParameter: {
      authorize: ({ Name }) => [
        {
          action: 'ssm:GetParameter',
          resource: `arn:aws:ssm:${region}:${account}:parameter${String(Name)}`,
        },
      ],
      run: async ({ Name }) => ({ Parameter: { Name } }),
    },
  },
};

export async function startWorld() {
  const clock = new SandboxClock(new Date('2026-11-23T10:00:00Z'), 'manual');
  const iam = new Iam({ account, region, clock });
  const credentials = new CredentialStore();
  const sts = new StsService({ account, clock, credentials, iam });
  const now = () => clock.now();
  const settings = {
    services: new Map([sts, new IamService(iam), parameters].map((it) => [it.signingName, it])),
    iam,
    ways: { wayOf: () => () => undefined },
    credentials,
    faults: new Faults(),
    requests: new RequestLog(),
    region,
    now,
    clocks: [now, () => new Date()],
  };
  const server = new LoopbackServer(
    (request) => dispatch(request, settings),
    async () => ({ status: 404, headers: {}, body: '' }),
  );
  await server.listen(0);
  const of = (keys: Credentials) => ({
    endpoint: server.url,
    region,
    maxAttempts: 1,
    credentials: keys,
  });
  const user = (name: string, ...statements: Statement[]) => {
    const { arn } = iam.putUser(name, statements.length === 0 ? [] : [policy(...statements)], []);
    return credentials.issue({ arn, kind: 'user' });
  };
  return {
    clock,
    iam,
    user,
    /** May do everything with IAM. */
    administrator: () => new IAMClient(of(user('admin', allow('iam:*', '*')))),
    iamAs: (keys: Credentials) => new IAMClient(of(keys)),
    stsAs: (keys: Credentials) => new STSClient(of(keys)),
    parametersAs: (keys: Credentials) => new SSMClient(of(keys)),
    async stop() {
      await server.close();
      clock.stop();
    },
  };
}
export type World = Awaited<ReturnType<typeof startWorld>>;

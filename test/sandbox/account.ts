/** The services of an account behind the real server, the real IAM and a clock that is moved: without a stack. */
import { SandboxClock } from '../../sandbox/clock.ts';
import { CredentialStore } from '../../sandbox/credentials.ts';
import { dispatch } from '../../sandbox/dispatch.ts';
import { Faults } from '../../sandbox/faults.ts';
import type { Statement } from '../../sandbox/iam/policy.ts';
import { RequestLog } from '../../sandbox/request-log.ts';
import { LoopbackServer } from '../../sandbox/server.ts';
import type { Caller } from '../../sandbox/service.ts';
import { makeServices } from '../../sandbox/services.ts';

export const START = new Date('2026-05-17T17:00:00Z');
export const REGION = 'eu-west-1';
export const ADMINISTRATOR = { Effect: 'Allow', Action: '*', Resource: '*' } as const;

export async function startAccount() {
  const clock = new SandboxClock(START, 'manual');
  const credentials = new CredentialStore();
  const faults = new Faults();
  const requests = new RequestLog();
  const place = { account: '000000000000', region: REGION, clock, credentials, faults, requests };
  const services = makeServices({ ...place, endpoint: () => server.url });
  const now = () => clock.now();
  const settings = {
    ...{ services: services.bySigningName, iam: services.iam, credentials, faults, requests },
    ...{ ways: { wayOf: () => () => undefined }, region: REGION, now },
    clocks: [now, () => new Date()],
  };
  const server = new LoopbackServer(
    (request) => dispatch(request, settings),
    async () => ({ status: 404, headers: {}, body: '' }),
  );
  await server.listen(0);
  return {
    clock,
    services,
    faults,
    url: server.url,
    /** For a client's constructor. */
    clientOf(name: string, ...statements: Statement[]) {
      const { arn } = services.iam.putUser(name, [{ Statement: statements }], []);
      return {
        ...{ endpoint: server.url, region: REGION, maxAttempts: 1 },
        credentials: credentials.issue({ arn, kind: 'user' }),
      };
    },
    /** A further access key of a principal. */
    keyOf: (caller: Caller) => credentials.issue(caller),
    /** Moves the clock on. */
    pass: (seconds: number) => clock.advanceTo(new Date(now().getTime() + seconds * 1000)),
    async stop() {
      clock.stop();
      await server.close();
      await services.lambda.stop();
      services.dynamodb.stop();
    },
  };
}

export type Account = Awaited<ReturnType<typeof startAccount>>;

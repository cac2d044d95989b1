/** A service of the sandbox behind its real server, for tests through the real AWS SDK. */
import { CredentialStore } from '../../sandbox/credentials.ts';
import { dispatch } from '../../sandbox/dispatch.ts';
import { Faults } from '../../sandbox/faults.ts';
import type { IamPort } from '../../sandbox/ports.ts';
import { RequestLog } from '../../sandbox/request-log.ts';
import { LoopbackServer } from '../../sandbox/server.ts';
import type { AwsService } from '../../sandbox/service.ts';

export async function serve(
  service: AwsService,
  iam: IamPort,
  credentials = new CredentialStore(),
) {
  const now = () => new Date();
  const settings = {
    services: new Map([[service.signingName, service]]),
    iam,
    ways: { wayOf: () => () => undefined },
    credentials,
    faults: new Faults(),
    requests: new RequestLog(),
    region: 'eu-west-1',
    now,
    clocks: [now],
  };
  const server = new LoopbackServer(
    (request) => dispatch(request, settings),
    async () => ({ status: 404, headers: {}, body: '' }),
  );
  await server.listen(0);
  return {
    /** For a client's constructor. */
    client: {
      endpoint: server.url,
      region: 'eu-west-1',
      maxAttempts: 1,
      credentials: credentials.issue({
        arn: 'arn:aws:iam::000000000000:user/tester',
        kind: 'user',
      }),
    },
    stop: () => server.close(),
  };
}

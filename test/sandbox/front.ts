/** The server with one tiny service behind it: what every request meets, without a template. */
import { CredentialStore } from '../../sandbox/credentials.ts';
import { type DispatcherSettings, dispatch } from '../../sandbox/dispatch.ts';
import { Faults } from '../../sandbox/faults.ts';
import type { IamPort } from '../../sandbox/ports.ts';
import { RequestLog } from '../../sandbox/request-log.ts';
import type { Credentials } from '../../sandbox/sandbox.ts';
import { LoopbackServer } from '../../sandbox/server.ts';
import { type AwsService, ServiceException } from '../../sandbox/service.ts';

export interface Front {
  url: string;
  credentials: Credentials;
  roleCredentials: Credentials;
  faults: Faults;
  requests: RequestLog;
  /** Inputs that reached the service, in order. */
  effects: Record<string, unknown>[];
  stop(): Promise<void>;
}

export const SANDBOX_NOW = new Date('2031-05-17T17:00:00Z');

/** A Secrets Manager of one operation; a second put of the same token is refused. */
export async function startFront(): Promise<Front> {
  const effects: Record<string, unknown>[] = [];
  const service: AwsService = {
    signingName: 'secretsmanager',
    protocol: 'json-1.1',
    targetPrefix: 'secretsmanager',
    operations: {
      PutSecretValue: {
        authorize: ({ SecretId }) => [
          { action: 'secretsmanager:PutSecretValue', resource: String(SecretId) },
        ],
        run: async (input) => {
          if (input.SecretId === 'missing') {
            throw new ServiceException(
              'ResourceNotFoundException',
              "Secrets Manager can't find the specified secret.",
            );
          }
          effects.push(input);
          return { ARN: input.SecretId, CreatedDate: SANDBOX_NOW, times: effects.length };
        },
      },
    },
  };
  const credentials = new CredentialStore();
  const iam: IamPort = {
    authorize(caller, { resource }) {
      if (resource === 'forbidden') {
        throw new ServiceException('AccessDeniedException', `User: ${caller.arn} may not`);
      }
    },
  };
  const settings: DispatcherSettings = {
    services: new Map([[service.signingName, service]]),
    iam,
    ways: { wayOf: () => () => undefined },
    credentials,
    faults: new Faults(),
    requests: new RequestLog(),
    region: 'eu-west-1',
    now: () => SANDBOX_NOW,
    clocks: [() => SANDBOX_NOW, () => new Date()],
  };
  const server = new LoopbackServer(
    (request) => dispatch(request, settings),
    async () => ({ status: 200, headers: {}, body: 'control' }),
  );
  await server.listen(0);
  return {
    url: server.url,
    credentials: credentials.issue({ arn: 'arn:aws:iam::000000000000:user/u', kind: 'user' }),
    roleCredentials: credentials.issue({
      arn: 'arn:aws:sts::000000000000:assumed-role/Rotation/fn',
      kind: 'role',
    }),
    faults: settings.faults,
    requests: settings.requests,
    effects,
    stop: () => server.close(),
  };
}

/** The API: its routes, who may use them, and what of a request is believed. */
import { FieldCipher, type SecretCache } from '@quarterturn/client';
import { fastifyHealth } from '@quarterturn/client/fastify';
import { databaseCheck, fieldCheck, healthHandler, tokenCheck } from '@quarterturn/client/http';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import * as z from 'zod';
import { sendError } from './answers.ts';
import type { Database } from './database.ts';
import { bringsToken } from './health-token.ts';
import type { Passwords } from './passwords.ts';
import { patientRoutes } from './patient-routes.ts';
import { Patients, sealedColumns } from './patients.ts';
import type { Secrets } from './secrets.ts';
import { Sessions, UnauthorizedError } from './sessions.ts';
import { type User, Users } from './users.ts';

export interface ApiParts {
  readonly secrets: Secrets;
  readonly database: Database;
  readonly passwords: Passwords;
  readonly tokenSeconds: number;
  /** Of whoever asks for health in detail without being a user: a rollout. */
  readonly healthToken?: SecretCache<string> | undefined;
  readonly log: { readonly level: string; readonly stream?: { write(line: string): void } };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the bearer token, once it was verified. */
    caller: User | undefined;
  }
}

const credentialsSchema = z.strictObject({
  user: z.string().min(1).max(100),
  password: z.string().min(1).max(200),
});

export function pharmacyApi(parts: ApiParts): FastifyInstance {
  const { secrets, database, passwords, tokenSeconds, healthToken, log } = parts;
  const sessions = new Sessions(secrets.tokens, tokenSeconds);
  const cipher = new FieldCipher(secrets.fields, sealedColumns);
  const users = new Users(database);

  const app = fastify({
    logger: { level: log.level, ...(log.stream && { stream: log.stream }) },
    // Its own lines would hold the URL as it was sent; below is one of ours, with the route.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 16 * 1024,
    requestTimeout: 10_000,
  });
  app.decorateRequest('caller', undefined);
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not_found' }));
  app.addHook(
    'onResponse',
    async ({ method, routeOptions, log: line }, { statusCode, elapsedTime }) => {
      const milliseconds = Math.round(elapsedTime);
      line.info({ method, route: routeOptions.url, statusCode, milliseconds }, 'answered');
    },
  );

  app.post('/login', async ({ body }) => {
    const { user: id, password } = credentialsSchema.parse(body);
    const user = await users.find(id);
    if (!(await passwords.matches(password, user?.passwordHash)) || user === undefined) {
      throw new UnauthorizedError('No such user, or another password.');
    }
    return { token: await sessions.token(user), expiresIn: tokenSeconds };
  });

  app.get(
    '/api/credentials/health',
    fastifyHealth(
      healthHandler(
        {
          tokens: tokenCheck(secrets.tokens, sessions.signer, sessions.verifier),
          fields: fieldCheck(secrets.fields, cipher.column('patients.ssn'), [0n]),
          database: databaseCheck(secrets.database, database),
        },
        {
          // A probe of the load balancer brings no token, and is told the status all the same.
          maySeeDetail: async ({ headers: { authorization } }) =>
            (await bringsToken(authorization, healthToken)) ||
            sessions.userOf(authorization).then(
              ({ role }) => role === 'operator',
              () => false,
            ),
        },
      ),
    ),
  );

  app.register(async (inside) => {
    // Before the body is read: a stranger sends none.
    inside.addHook('onRequest', async (request) => {
      request.caller = await sessions.userOf(request.headers.authorization);
    });
    inside.get('/me', async ({ caller }) => caller);
    patientRoutes(inside, new Patients(database, cipher));
  });
  return app;
}

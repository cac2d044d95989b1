/** What the functions parse besides their events: signatures, answers of consumers, certificates, errors, environments. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { parseKeyset } from '../../../domain/secrets/keyset.ts';
import { parseJsonDocument } from '../../../domain/secrets/strict-json.ts';
import { reasonOf } from '../../../lambdas/after-rotation/reason.ts';
import { reasonOf as resultOf } from '../../../lambdas/cadence/result.ts';
import { readEndpoint } from '../../../lambdas/certificates/read-endpoint.ts';
import { readSecret } from '../../../lambdas/certificates/read-secret.ts';
import { databaseEnvironmentSchema } from '../../../lambdas/database/environment.ts';
import { nameOf } from '../../../lambdas/emergency/name-of.ts';
import { reasonOf as causeOf } from '../../../lambdas/emergency/progress.ts';
import { isRole } from '../../../lambdas/emergency/tasks/contain.ts';
import { codeOf } from '../../../lambdas/encryption/fence.ts';
import { isSigned } from '../../../lambdas/github/signature.ts';
import { authorization } from '../../../lambdas/health/bearer.ts';
import { memberAt } from '../../../lambdas/health/json-pointer.ts';
import { jsonOf } from '../../../lambdas/health/requests.ts';
import { verifies } from '../../../lambdas/jwt/probe-token.ts';
import { reasonOf as endOf } from '../../../lambdas/rollout/tasks/end.ts';
import { failureOf } from '../../../lambdas/rotation/failure.ts';
import { assertTrustedEnvironment } from '../../../lambdas/rotation/posture.ts';
import { problemOf } from '../../../lambdas/rotation/problem.ts';
import { readEnvironment } from '../../../lambdas/rotation/read-environment.ts';
import { isRefusalOfTheTarget, mayGoWellLater } from '../../../lambdas/rotation/staging.ts';
import { isSameText } from '../../../lambdas/sync/targets/same-text.ts';
import { failureIn } from '../../../lambdas/triggers/handling.ts';
import { userManagedEnvironmentSchema } from '../../../lambdas/user-managed/environment.ts';
import { bytes, documents, texts } from '../mutations.ts';
import { ofSchema } from '../of-schema.ts';
import type { Target } from '../target.ts';
import { agree, target } from './agree.ts';
import { leaf, pemOf, root } from './certificate.ts';
import { thrown } from './client.ts';
import { keysetJson } from './secrets.ts';

const now = new Date('2026-05-17T17:00:02Z');
const body = Buffer.from('{"action":"created"}');
const signature = `sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`;
const chain = pemOf(leaf) + pemOf(root);
const keyset = parseKeyset(
  parseJsonDocument(JSON.stringify({ keyset: keysetJson })).members.get('keyset')?.value ?? null,
);
const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
const ownToken = `${part({ alg: 'HS512', kid: keyset.keys[0]?.kid })}.${part({ exp: 9e9 })}.c2ln`;
const cause = JSON.stringify({ errorType: 'X', errorMessage: 'y', trace: [] });
const causes = (canary: string) =>
  texts([cause, 'null', '{"errorMessage":{"toString":1}}'], canary, ['"errorMessage":', '[', '{']);
const isDate = (at: Date | undefined) => at === undefined || Number.isFinite(at.getTime());
/** What is read of a certificate is a date, or a problem: an end that is no date would never come. */
const isReading = (answer: unknown) => {
  const { notAfter, problem } = answer as { notAfter?: Date; problem?: string };
  agree(isDate(notAfter) && (notAfter !== undefined || problem !== undefined), true);
};
const noDate = { from: 'secret', name: 'x', secret: 'x' } as const;
const endpoint = {
  from: 'endpoint',
  name: 'x',
  host: 'db.example.com',
  port: 5432,
  servername: 'db.example.com',
} as const;

export const roomTargets: readonly Target<never>[] = [
  target({
    name: 'lambdas/github/signature.ts: isSigned',
    inputs: (canary) =>
      fc.tuple(
        bytes([body], canary),
        texts([signature], canary, ['sha256=', 'sha1=', '0'.repeat(64)]),
      ),
    run: ([bytesOf, header]) => isSigned(bytesOf, header, 'secret'),
    holds: (answer, [bytesOf, header]) =>
      agree(answer, bytesOf.equals(body) && header === signature),
  }),
  target({
    name: 'lambdas/certificates/read-secret.ts: readSecret',
    inputs: (canary) =>
      fc.oneof(
        texts([chain, JSON.stringify({ chain })], canary, [
          '\\n',
          '-----BEGIN CERTIFICATE-----',
          '=',
        ]),
        bytes([Buffer.from(leaf, 'base64')], canary).map(
          (der) => pemOf(der.toString('base64')) + pemOf(root),
        ),
      ),
    run: (text) =>
      readSecret({ secretsManager: { getCurrentValue: async () => text } } as never, noDate, now),
    holds: isReading,
    accepts: chain,
  }),
  target({
    name: 'lambdas/certificates/read-endpoint.ts: readEndpoint, readChain',
    inputs: (canary) => bytes([Buffer.from(leaf, 'base64'), Buffer.from(root, 'base64')], canary),
    run: (der) =>
      readEndpoint({ shown: { read: async () => [{ chain: [der] }] } } as never, endpoint, now),
    holds: isReading,
    accepts: Buffer.from(leaf, 'base64'),
  }),
  target({
    name: 'lambdas/health: authorization, memberAt, jsonOf',
    inputs: (canary) =>
      texts(['{"token":"abcdefghijklmnop0123456789"}', 'null', '[[1]]'], canary, [
        '"token":',
        '{',
        '/0',
        '~1',
      ]),
    run: async (text) => {
      const document = jsonOf({ status: 200, body: text });
      memberAt(document, `/${text}`);
      memberAt(document, '/token/0/__proto__');
      return authorization(
        { getCurrentValue: async () => text },
        { secretArn: 'x', field: 'token' },
      );
    },
    accepts: '{"token":"abcdefghijklmnop0123456789"}',
    refuses: '{}',
  }),
  target({
    name: 'lambdas: reasons of failures, as Step Functions gives them',
    inputs: (canary) => fc.tuple(causes(canary), thrown(canary)),
    run([text, error]) {
      const given = { Error: 'X', Cause: text };
      const told = [reasonOf(given), causeOf(given), endOf({ error: given })];
      agree(
        told.every((reason) => typeof reason === 'string' && reason.length <= 1_024),
        true,
      );
      return [
        told,
        nameOf(error),
        codeOf(error),
        resultOf(error),
        problemOf(error, 'x'),
        failureIn(error),
        isRefusalOfTheTarget(error),
        mayGoWellLater(error),
      ];
    },
  }),
  target({
    name: 'lambdas/rotation/failure.ts: failureOf',
    inputs: thrown,
    run(error) {
      const { error: told, code } = failureOf(error, 'a step');
      // Only what has a code of ours speaks for itself.
      if (code === 'ERR_ROTATION_UNEXPECTED')
        throw Object.assign(told, { code: 'ERR_ROTATION_HIDDEN' });
      return told;
    },
  }),
  target({
    name: 'lambdas/rotation: readEnvironment, assertTrustedEnvironment',
    inputs: (canary) =>
      documents(
        fc.oneof(ofSchema(databaseEnvironmentSchema), ofSchema(userManagedEnvironmentSchema)),
        canary,
      ).map((given) =>
        Object.fromEntries(
          Object.entries(Object(given)).map(([name, text]) => [
            name,
            typeof text === 'object' ? JSON.stringify(text) : String(text),
          ]),
        ),
      ),
    run(variables) {
      assertTrustedEnvironment(variables);
      try {
        readEnvironment(databaseEnvironmentSchema, variables);
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ERR_ROTATION_ENVIRONMENT') throw error;
      }
      return readEnvironment(userManagedEnvironmentSchema, variables);
    },
    refuses: {},
  }),
  target({
    name: 'lambdas/jwt/probe-token.ts: verifies',
    inputs: (canary) => texts([ownToken], canary, ['.', '=']),
    run: (token) => verifies(token, keyset, now),
    // It reads tokens it has made itself a moment before; no stranger's gets there.
    isOwn: (error) =>
      (error as Error).name === 'SyntaxError' || (error as Error).name === 'TypeError',
    mayRepeat:
      'a token of a key that is being tested, made and read by the same step; failureOf withholds the message',
  }),
  target({
    name: 'lambdas: isRole, isSameText',
    inputs: (canary) => texts(['arn:aws:iam::000000000000:role/api'], canary, [':', '/', '*']),
    run: (text) => [isRole(text), isSameText(text, `${text}x`)],
    holds: (answer) => agree((answer as boolean[])[1], false),
  }),
];

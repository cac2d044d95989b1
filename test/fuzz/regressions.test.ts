/** What the attack found, each with a small input that showed it. */
import { deflateRawSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { inflated } from '../../cli/scan/inflated.ts';
import { fallbacksIn } from '../../cli/scan/production.ts';
import { verifyToken } from '../../client/jwt/jsonwebtoken.ts';
import { databaseCredential } from '../../client/postgres/database-credential.ts';
import { parseRotationConfig } from '../../domain/config/rotation-config.ts';
import { namesPrincipal } from '../../domain/policy/principals-named.ts';
import { auditEvents } from '../../domain/reports/deployment/audit-lines.ts';
import { answerIn } from '../../doors/function-answer.ts';
import { parseExternalSecret } from '../../doors/kubernetes-external-secret.ts';
import { parseVersionsPage } from '../../doors/object-versions.ts';
import { classifyError } from '../../doors/postgres/classify-error.ts';
import { reasonOf } from '../../lambdas/cadence/result.ts';
import { readEndpoint } from '../../lambdas/certificates/read-endpoint.ts';
import { ownersValues } from '../../lambdas/fingerprints/owners-values.ts';
import { parseTrigger } from '../../lambdas/triggers/parse-trigger.ts';
import example from '../../rotation.config.ts';
import { entries } from '../bad-input/entries.ts';
import { task } from '../bad-input/stage-machines.ts';
import { processorMilliseconds } from './target.ts';
import { leaf } from './targets/certificate.ts';
import { zip } from './targets/scan.ts';

const thrownBy = async (work: () => unknown): Promise<Error & { code?: string }> => {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};
const key = Buffer.alloc(64, 7);

test('regression: a text that is an object nobody can compare is refused as every other', () => {
  const account = '000000000000';
  const person = { length: { toString: 'x', valueOf: 'x' } };
  const event = {
    ...{ id: 'e-1', source: 'quarterturn.trigger', account },
    ...{
      'detail-type': 'credential-offboarding',
      detail: { version: 1, id: 'left-4711-4711', person },
    },
  };
  const settings = { people: { ada: ['jwt'] }, deployment: false, findings: [] };
  expect(() => parseTrigger(event, { accounts: [account], account, settings })).toThrow(
    expect.objectContaining({ code: 'ERR_ROTATION_TRIGGER_INVALID' }),
  );
});

test('regression: a secretArn that is none, beside a secretName, is a problem of the configuration as every other', async () => {
  const adopt = { secretArn: 'hunter2-of-somebody', secretName: 'x', kmsKeyArn: 'y' };
  const { jwt } = example.secrets;
  const { code, message } = await thrownBy(() =>
    parseRotationConfig({ ...example, secrets: { jwt: { ...jwt, adopt } } }),
  );
  expect(code).toBe('ERR_ROTATION_CONFIG_INVALID');
  expect(message).toMatch(/secrets\.jwt\.adopt\.secretArn/);
  expect(message).toMatch(/secrets\.jwt\.adopt\.kmsKeyArn/);
});

test('regression: a value that nests deeper than calls do has its texts all the same', () => {
  const depth = 20_000;
  const text = 'Xk29vQ7pLzWm48rTb61Yc5dQ';
  const nested = `{"token":${'['.repeat(depth)}"${text}"${']'.repeat(depth)}}`;
  expect(ownersValues(nested).map(({ what }) => what)).toEqual(['member "token"']);
  expect(ownersValues(`{"token":["${text}"],"port":5432}`)).toHaveLength(1);
});

test('regression: a token whose payload is no JSON is refused as malformed, and nothing of it is told', async () => {
  const header = Buffer.from('{"alg":"HS512","typ":"JWT"}').toString('base64url');
  const payload = Buffer.from('hunter2 of somebody').toString('base64url');
  const verifier = { keyFor: async () => ({ key, alg: 'HS512' }) };
  const error = await thrownBy(() => verifyToken(`${header}.${payload}.c2ln`, verifier as never));
  expect(error.code).toBe('ERR_ROTATION_TOKEN_MALFORMED');
  expect(String(error.stack)).not.toContain('hunter2');
});

test.each([['5432;'], [0], [65_536], [[5432, 1]], [{}], [1.5]])(
  'regression: the port %j of a database secret is no port',
  async (port) => {
    const value = JSON.stringify({ username: 'a', password: 'b', host: 'h', dbname: 'd', port });
    const { code } = await thrownBy(() => databaseCredential()(value).endpoint());
    expect(code).toBe('ERR_ROTATION_CLIENT_SETTINGS');
  },
);

test('regression: an answer of a function that is no JSON is not quoted', async () => {
  const error = await thrownBy(() => answerIn('f', '{"a":1} hunter2', false));
  expect(error).toMatchObject({ code: 'ERR_ROTATION_AWS_CALL', awsCode: 'InvalidAnswer' });
  expect(error.message).not.toContain('hunter2');
});

test('regression: a refreshTime that is no instant is none', () => {
  const status = { refreshTime: '2016-12-31T23:59:60Z' };
  expect(parseExternalSecret({ metadata: {}, status }).refreshTime).toBeUndefined();
});

test('regression: a version of an object with a date that is none is no answer', async () => {
  const xml =
    '<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>a</Key><VersionId>1</VersionId><LastModified>soon</LastModified></Version></ListVersionsResult>';
  const { code } = await thrownBy(() => parseVersionsPage(xml));
  expect(code).toBe('ERR_ROTATION_AWS_CALL');
});

test('regression: a line of the audit log with a type that is an object does not stop the report', () => {
  const line = JSON.stringify({ detail: { type: { toString: 'x' } } });
  expect(auditEvents([line])).toEqual({ events: [], notUnderstood: 0 });
});

test('regression: an operation that is an object is a request that does not fit', async () => {
  const sent = await entries.operator?.({ operation: { toString: 'x' } });
  const { code } = await thrownBy(() => sent?.work());
  expect(code).not.toBe('ERR_ROTATION_UNEXPECTED');
});

test('regression: a task of the sync for another secret is refused without its name, which anybody may have written', async () => {
  const secretName = 'hunter2-of-somebody';
  const sent = await entries.sync?.(task('sync', { secretName }));
  const error = await thrownBy(() => sent?.work());
  expect(error.code).toBe('ERR_ROTATION_FOREIGN_SECRET');
  expect(error.message).not.toContain(secretName);
});

test('regression: what is told of a lost connection looks like a code', () => {
  const error = Object.assign(new Error('x'), { code: 'hunter2 of somebody' });
  expect(classifyError(error, 'db:5432').message).not.toContain('hunter2');
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
  expect(classifyError(refused, 'db:5432').message).toContain('ECONNREFUSED');
});

test('regression: a secret whose call was given up has a reason; the code of a DOMException is a number', () => {
  expect(reasonOf(new DOMException('x', 'AbortError'))).toBe('AbortError');
});

test('regression: a certificate with a date that cannot be read is a problem, not one that never ends', async () => {
  const der = Buffer.from(leaf, 'base64');
  const dates = [...der.toString('latin1').matchAll(/\d{12,14}Z/g)].map(({ index }) => index);
  expect(dates).toHaveLength(2);
  const endpoint = { from: 'endpoint', name: 'x', host: 'h', port: 1, servername: 'h' } as const;
  for (const at of dates) {
    const damaged = Buffer.from(der);
    damaged.write('xx', at + 2, 'latin1');
    const shown = { read: async () => [{ chain: [damaged] }] };
    const reading = await readEndpoint({ shown } as never, endpoint, new Date('2030-01-01'));
    expect(reading.problem).toMatch(/date that cannot be read/);
    expect(reading.notAfter).toBeUndefined();
  }
});

test('regression: a dozen stars in a resource policy take no time, and what is no text names nothing', () => {
  const policy = (Action: unknown) =>
    JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*', Action } });
  const names = (Action: unknown) =>
    namesPrincipal(policy(Action), 'x', 'secretsmanager:GetSecretValue');
  const begun = processorMilliseconds();
  expect(names(`${'*'.repeat(9)}x`)).toBe(false);
  expect(processorMilliseconds() - begun).toBeLessThan(1_000);
  expect(names([{ toString: 'x' }])).toBe(false);
  const matching = [
    '*',
    'secretsmanager:*',
    'SecretsManager:Get*',
    '*GetSecret?alue',
    's*:*S*V*',
    'secretsmanager:GetSecretValue**',
  ];
  expect(matching.filter((action) => !names(action))).toEqual([]);
  const others = [
    '',
    '?',
    'secretsmanager:Put*',
    '*ValueX',
    'secretsmanager:GetSecretValue?',
    's3:*',
  ];
  expect(others.filter(names)).toEqual([]);
});

test('regression: an archive whose entries share one part is opened up to a bound, and the rest is counted', () => {
  const part = Buffer.alloc(32 * 1024 * 1024);
  const bomb = zip(part, 100);
  expect(bomb.length).toBeLessThan(2 * deflateRawSync(part).length);
  const result = inflated(bomb);
  let opened = 0;
  for (const { length } of result.parts) opened += length;
  expect(opened).toBeLessThanOrEqual(256 * 1024 * 1024);
  expect(result.closed).toBe(100 - opened / part.length);
});

test('regression: a configuration of a megabyte in which every line is a finding is read in time', () => {
  const lines = 50_000;
  const begun = processorMilliseconds();
  const found = fallbacksIn('PASSWORD=changeme\n'.repeat(lines));
  expect(processorMilliseconds() - begun).toBeLessThan(10_000);
  expect(found).toHaveLength(lines);
  expect(found.at(-1)?.line).toBe(lines);
});

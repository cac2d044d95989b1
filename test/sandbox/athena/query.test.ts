/** Athena through its real client: what it reads of CloudTrail's log files, and what it refuses, as Trino would. */
import type { AthenaClient } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ADMINISTRATOR } from '../account.ts';
import { type Audit, ask, read, start, startAudit } from './audit-account.ts';

let audit: Audit;
let client: AthenaClient;
const query = (sql: string, ...parameters: string[]) => ask(audit, client, sql, ...parameters);
const WHERE = "WHERE account = '000000000000' AND eventsource = 'secretsmanager.amazonaws.com'";
const names = (what: string, more = '') =>
  query(`SELECT ${what} FROM cloudtrail_logs ${WHERE} AND eventname = 'GetSecretValue' ${more}`);

beforeAll(async () => {
  audit = await startAudit();
  client = audit.athenaOf('administrator', ADMINISTRATOR);
  const { cloudtrail } = audit.services;
  cloudtrail.recordEvents([
    read('app', 'prod/db', '2026-05-16T10:00:00Z'),
    read('app', 'prod/db', '2026-05-16T11:00:00Z', { userAgent: "it's mine, 100%" }),
    read('thief', 'prod/db', '2026-05-16T12:00:00Z', {
      sourceIPAddress: '203.0.113.9',
      requestParameters: { secretId: 'prod/db', versionId: 'v-1' },
    }),
    read('thief', 'prod/jwt', '2026-05-16T12:00:01Z', { errorCode: 'AccessDenied' }),
    read('thief', 'prod/db', '2026-05-17T09:00:00Z', { awsRegion: 'us-east-1' }),
    read('other', 'prod/db', '2026-05-16T12:00:00Z', { recipientAccountId: '111122223333' }),
    {
      ...read('service', 'x', '2026-05-16T12:00:02Z'),
      userIdentity: { type: 'AWSService', invokedBy: 'secretsmanager.amazonaws.com' },
    },
  ]);
  await cloudtrail.deliver();
});
afterAll(() => audit?.stop());

test('fields of structs, of JSON texts, and groups with their first and last time', async () => {
  const rows = await query(
    `SELECT useridentity.sessioncontext.sessionissuer.arn AS principal,
        json_extract_scalar(requestparameters, '$.secretId') AS secret,
        count(*) AS reads, count_if(errorcode IS NOT NULL) AS denied,
        min(eventtime) AS first_at, max_by(sourceipaddress, eventtime) AS last_from
      FROM cloudtrail_logs ${WHERE} AND eventname IN ('GetSecretValue', 'BatchGetSecretValue')
      GROUP BY 1, json_extract_scalar(requestparameters, '$.secretId')
      HAVING count(*) > 0 ORDER BY reads DESC, principal, secret`,
  );
  expect(rows).toEqual([
    [
      'arn:aws:iam::000000000000:role/app',
      'prod/db',
      '2',
      '0',
      '2026-05-16T10:00:00Z',
      '198.51.100.7',
    ],
    [
      'arn:aws:iam::000000000000:role/thief',
      'prod/db',
      '2',
      '0',
      '2026-05-16T12:00:00Z',
      '198.51.100.7',
    ],
    [
      'arn:aws:iam::000000000000:role/thief',
      'prod/jwt',
      '1',
      '1',
      '2026-05-16T12:00:01Z',
      '198.51.100.7',
    ],
    [null, 'x', '1', '0', '2026-05-16T12:00:02Z', '198.51.100.7'],
  ]);
});

test('partitions keep what is not asked for out: another account, another region, another day', async () => {
  expect(await names('count(*)')).toEqual([['6']]);
  expect(await names('count(*)', "AND region = 'us-east-1'")).toEqual([['1']]);
  expect(await names('count(*)', "AND day = '2026/05/17'")).toEqual([['1']]);
  expect(await names('count(*)', "AND day BETWEEN '2026/05/01' AND '2026/05/16'")).toEqual([['5']]);
  expect(await names('count(*)', "AND day < '2026/05/16'")).toEqual([['0']]);
  expect(await names('count(*)', "AND '2026/05/17' > day")).toEqual([['5']]);
  expect(await names('count(*)', "AND day >= '2026/05/17' AND day <> '2026/05/18'")).toEqual([
    ['1'],
  ]);
  expect(
    await query("SELECT count(*) FROM cloudtrail_logs WHERE account IN ('111122223333')"),
  ).toEqual([['1']]);
  expect(await query('SELECT count(*) FROM cloudtrail_logs')).toMatch(
    /^CONSTRAINT_VIOLATION: For the injected projected partition column account, the WHERE clause must contain only static equality/,
  );
});

test('parameters are literals, in the order of their question marks', async () => {
  const sql = 'SELECT eventname FROM cloudtrail_logs WHERE account = ? AND useragent = ? LIMIT 5';
  expect(await query(sql, "'000000000000'", "'it''s mine, 100%'")).toEqual([['GetSecretValue']]);
  expect(await query(sql, "'000000000000'")).toBe(
    'INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1',
  );
  await expect(start(client, sql, "'000000000000'", 'mine')).rejects.toMatchObject({
    name: 'NotSimulatedException',
  });
});

test.each([
  ["count_if(useragent LIKE 'IT%')", '0'],
  ["count_if(useragent LIKE 'it%100\\%' ESCAPE '\\')", '1'],
  ["count_if(regexp_like(useragent, '(?i)^IT.S'))", '1'],
  ["max(regexp_extract(useridentity.arn, 'role/([a-z]+)', 1))", 'thief'],
  ["max(coalesce(errorcode, 'none'))", 'none'],
  ["max(CASE WHEN errorcode = 'AccessDenied' THEN 'no' ELSE NULL END)", 'no'],
  ["max(CASE eventname WHEN 'GetSecretValue' THEN 1 END)", '1'],
  ['count(DISTINCT useridentity.sessioncontext.sessionissuer.username)', '2'],
  ["max(upper(substr(awsregion, 1, 2)) || '-' || lower('X'))", 'US-x'],
  ['bool', 'COLUMN_NOT_FOUND'],
  ["count_if(starts_with(eventtime, '2026-05-16') AND NOT strpos(eventtime, 'T12') = 0)", '3'],
  ['sum(length(awsregion) - 1)', '48'],
  ["min(nullif(if(readonly = 'true', 'r', 'w'), 'w'))", 'r'],
  ["sum(CAST(replace(substr(eventtime, 1, 4), '2026', '7') AS bigint))", '42'],
  ['max(CAST(length(eventname) AS varchar))', '14'],
])('%s is %s', async (expression, expected) => {
  const result = await names(expression);
  expect(typeof result === 'string' ? result.split(':')[0] : result?.[0]?.[0]).toBe(expected);
});

test('nulls are last, in both directions, and DISTINCT and UNION do what they say', async () => {
  const codes = (order: string) =>
    query(`SELECT DISTINCT errorcode FROM cloudtrail_logs ${WHERE} ORDER BY 1 ${order}`);
  expect(await codes('ASC')).toEqual([['AccessDenied'], [null]]);
  expect(await codes('DESC')).toEqual([['AccessDenied'], [null]]);
  expect(await codes('DESC NULLS FIRST')).toEqual([[null], ['AccessDenied']]);
  const part = (who: string) =>
    `SELECT eventname AS what, count(*) AS reads FROM "audit"."cloudtrail_logs" AS t ${WHERE} AND t.useridentity.arn LIKE '%/${who}/%' GROUP BY t.eventname`;
  expect(await query(`${part('app')} UNION ALL ${part('thief')} ORDER BY reads DESC`)).toEqual([
    ['GetSecretValue', '3'],
    ['GetSecretValue', '2'],
  ]);
  const inner = `WITH counted AS (${part('app')}) SELECT c.reads + 1 FROM counted c WHERE what <> ''`;
  expect(await query(inner)).toEqual([['3']]);
  expect(await query(`SELECT max(reads) FROM (${part('thief')}) x`)).toEqual([['3']]);
});

test.each([
  ['SELECT eventname, count(*)', 'EXPRESSION_NOT_AGGREGATE', "'eventname' must be an aggregate"],
  ['SELECT eventname AS e, count(*)', 'COLUMN_NOT_FOUND', "'e' cannot be resolved", 'GROUP BY e'],
  ['SELECT count(*) AS n', 'COLUMN_NOT_FOUND', "'n' cannot be resolved", 'HAVING n > 1'],
  ['SELECT eventname', 'TYPE_MISMATCH', 'varchar = bigint', 'AND eventname = 3'],
  ['SELECT eventname', 'TYPE_MISMATCH', 'varchar = boolean', 'AND readonly = true'],
  ['SELECT lower(length(eventname))', 'FUNCTION_NOT_FOUND', 'Expected: lower(varchar)'],
  ['SELECT useridentity.nothing', 'COLUMN_NOT_FOUND', "'useridentity.nothing' cannot"],
  ['SELECT eventname', 'EXPRESSION_NOT_SCALAR', 'count is an aggregate', 'AND count(*) > 1'],
  ['SELECT CAST(eventname AS bigint)', 'INVALID_CAST_ARGUMENT', "Cannot cast 'GetSecretValue'"],
  [
    "SELECT json_extract_scalar(requestparameters, 'secretId')",
    'INVALID_FUNCTION_ARGUMENT',
    'path',
  ],
  ['SELECT DISTINCT eventname', 'EXPRESSION_NOT_IN_DISTINCT', 'must appear', 'ORDER BY eventtime'],
])('%s … fails with %s', async (select, code, text, more = '') => {
  const reason = await query(`${select} FROM cloudtrail_logs ${WHERE} ${more}`);
  expect(reason).toMatch(new RegExp(`^${code}: `));
  expect(reason).toContain(text);
});

test('another table, database or schema is not found', async () => {
  expect(await query('SELECT eventname FROM nothing')).toContain('TABLE_NOT_FOUND');
  expect(await query('SELECT eventname FROM nowhere.nothing')).toContain('SCHEMA_NOT_FOUND');
});

test.each([
  ['SELECT * FROM cloudtrail_logs', 'SELECT *'],
  ['SELECT 1 FROM a JOIN b ON a.x = b.x', '"join"'],
  ['SELECT 1 FROM a, b', 'more than one table'],
  ['SELECT row_number() OVER (PARTITION BY x) FROM a', 'row_number'],
  ['SELECT max(x) OVER (ORDER BY y) FROM a', 'OVER'],
  ['SELECT x FROM a WHERE y IN (SELECT z FROM b)', 'a subquery in IN'],
  ['SELECT from_iso8601_timestamp(eventtime) FROM a', 'from_iso8601_timestamp'],
  ['DELETE FROM a', '"delete"'],
  ['SELECT 1; SELECT 2', '"select"'],
  ['SELECT 1.5', '"1.5"'],
])('%s is refused by name when it is started', async (sql, named) => {
  await expect(start(client, sql)).rejects.toMatchObject({
    name: 'NotSimulatedException',
    message: expect.stringContaining(named),
  });
});

test('a list of a record can be declared, and not be read', async () => {
  expect(await names('resources')).toContain(
    'does not know a value of resources, which is a array',
  );
});

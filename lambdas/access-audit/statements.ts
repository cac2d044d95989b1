/**
 * What Athena is asked: Trino's SQL over the table of the trail's files. Each statement groups in Athena, so that a
 * million reads are one row; partitions (account, region, day) bound what is scanned and paid for.
 * @see https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
 */
import { dayOf, lastDayOf } from '../../domain/policy/readers/coverage.ts';
import type { Asked } from './question.ts';

/** Made by `lib/access-audit.ts`. */
export const trailTable = 'trail';

/** Rows of an answer, at most: ten pages. */
export const mostRows = 10_000;

export interface TrailStatements {
  readonly reads: string;
  readonly decryptions: string;
  /** What the trail's files hold at all, day by day: without that, no answer is no answer. */
  readonly days: string;
}

export function trailStatements(
  { secrets, interval, regions, principal }: Asked,
  account: string,
): TrailStatements {
  const names = secrets.flatMap((secret) => secret.names);
  const partitions = [
    `account = ${quoted(account)}`,
    `region IN (${regions.map(quoted).join(', ')})`,
    `day BETWEEN ${quoted(dayOf(interval.from))} AND ${quoted(lastDayOf(interval))}`,
  ];
  const times = [
    `eventtime >= ${quoted(interval.from)}`,
    `eventtime <= ${quoted(interval.to)}`,
    ...nameIn(principal),
  ];
  const id = "json_extract_scalar(requestparameters, '$.secretId')";
  const contextArn = "json_extract_scalar(requestparameters, '$.encryptionContext.SecretARN')";
  const arn = quoted(`^${arnPattern(names, account)}$`);
  // What came is compared exactly afterwards.
  const named = `(${arnPattern(names, account)}|${anyOf(names)})`;
  return {
    reads: grouped({
      subject: `CASE WHEN eventname = 'GetSecretValue' THEN ${id} ELSE substr(requestparameters, 1, 8192) END`,
      version: 'CAST(NULL AS varchar)',
      where: [
        ...partitions,
        "eventsource = 'secretsmanager.amazonaws.com'",
        ...times,
        "eventname IN ('GetSecretValue', 'BatchGetSecretValue')",
        // In a list of ids each stands between quotation marks.
        `CASE eventname WHEN 'GetSecretValue' THEN regexp_like(${id}, ${quoted(`^${named}$`)}) ELSE regexp_like(requestparameters, ${quoted(`"${named}"`)}) END`,
      ],
    }),
    decryptions: grouped({
      subject: contextArn,
      version: "json_extract_scalar(requestparameters, '$.encryptionContext.SecretVersionId')",
      where: [
        ...partitions,
        "eventsource = 'kms.amazonaws.com'",
        "eventname = 'Decrypt'",
        ...times,
        `regexp_like(${contextArn}, ${arn})`,
      ],
    }),
    days: [
      'SELECT region, day, count(*) AS events,',
      "  count_if(readonly = 'true') AS reads,",
      "  count_if(eventsource = 'kms.amazonaws.com' AND eventname = 'Decrypt') AS decryptions,",
      '  min(eventtime) AS first_at, max(eventtime) AS last_at',
      `FROM "${trailTable}"`,
      `WHERE ${partitions.join('\n  AND ')}`,
      'GROUP BY region, day',
      'ORDER BY region, day DESC',
      `LIMIT ${mostRows}`,
    ].join('\n'),
  };
}

interface Grouped {
  readonly subject: string;
  readonly version: string;
  readonly where: readonly string[];
}

const who = 'coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn)';

/** The newest first: where there are more rows than are taken, the oldest are missing. */
function grouped({ subject, version, where }: Grouped): string {
  return [
    'SELECT',
    '  eventname AS event,',
    '  useridentity.type AS type,',
    '  useridentity.sessioncontext.sessionissuer.arn AS issuer,',
    // Of a session: one of them, the latest; every session as a row of its own would be as many rows as tasks.
    `  CASE WHEN ${who} IS NULL THEN useridentity.principalid END AS principal,`,
    '  useridentity.accountid AS account,',
    '  useridentity.invokedby AS invoked_by,',
    `  ${subject} AS subject,`,
    `  ${version} AS version,`,
    '  sourceipaddress AS address,',
    // A little more than is told, so that what is cut shows it.
    '  substr(useragent, 1, 300) AS agent,',
    '  region,',
    "  CASE WHEN errorcode IS NULL THEN 'no' ELSE 'yes' END AS refused,",
    `  ${who} AS who,`,
    '  max_by(useridentity.arn, eventtime) AS arn,',
    '  count(*) AS times,',
    '  min(eventtime) AS first_at,',
    '  max(eventtime) AS last_at',
    `FROM "${trailTable}"`,
    `WHERE ${where.join('\n  AND ')}`,
    'GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13',
    'ORDER BY max(eventtime) DESC',
    `LIMIT ${mostRows}`,
  ].join('\n');
}

/** Of one name, narrowed down before it is compared exactly: only what such names are made of. */
function nameIn(principal: string | undefined): string[] {
  const [, name] = /^arn:[a-z-]+:(?:iam|sts)::\d{12}:[a-z-]+\/(?:.*\/)?([\w+=,.@-]+)$/.exec(
    sessionless(principal ?? ''),
  ) ?? [undefined, undefined];
  return name === undefined ? [] : [`strpos(${who}, ${quoted(name)}) > 0`];
}

const sessionless = (arn: string): string =>
  arn.replace(/^(arn:[a-z-]+:sts::\d{12}:assumed-role\/[^/]+)\/.*$/, '$1');

/** Of secrets with these names: full, or without the suffix; any region, one account. */
const arnPattern = (names: readonly string[], account: string): string =>
  `arn:[a-z-]+:secretsmanager:[a-z0-9-]*:${account}:secret:${anyOf(names)}(-[A-Za-z0-9]{6})?`;

const anyOf = (names: readonly string[]): string => `(${names.map(literal).join('|')})`;

/** In a pattern; of what names of secrets are made of, only these mean something there. */
const literal = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9/_=@-]/g, (one) => `[${one}]`);

/** Trino knows no other escape in a string than the doubled quotation mark. */
export function quoted(text: string): string {
  // No name of a secret, region, account or role holds anything else; patterns are made here.
  if (!/^[\x20-\x7e]*$/.test(text))
    throw new RangeError('only printable ASCII stands in a statement');
  return `'${text.replaceAll("'", "''")}'`;
}

/** What Athena is asked is valid Trino, and nothing a name holds gets out of its quotation marks. */
import { expect, test } from '@jest/globals';
import { TrinoSQL } from 'dt-sql-parser/dist/parser/trino/index.js';
import { questionFrom } from '../../../lambdas/access-audit/question.ts';
import { quoted, trailStatements } from '../../../lambdas/access-audit/statements.ts';
import { deployed, manifest, theDay } from './pharmacy-audit.ts';

const statementsFor = (question: object = theDay, of = deployed) =>
  trailStatements(questionFrom(question, of), of.account);
const grammar = new TrinoSQL();

test.each(['reads', 'decryptions', 'days'] as const)('%s are asked for in valid Trino', (kind) => {
  expect(grammar.validate(statementsFor()[kind])).toEqual([]);
});

test('the grammar refuses what is not', () => {
  expect(grammar.validate(statementsFor().reads.replace('GROUP BY', 'GROUPED'))).not.toEqual([]);
});

test('each is bounded by account, regions and days of delivery, and by time where it is about reads', () => {
  const { reads, decryptions, days } = statementsFor();
  for (const sql of [reads, decryptions, days]) {
    expect(sql).toContain("account = '000000000000'");
    expect(sql).toContain("region IN ('eu-west-1', 'eu-central-1')");
    // The day after as well: files lie under the day on which they were delivered.
    expect(sql).toContain("day BETWEEN '2026/05/17' AND '2026/05/19'");
    expect(sql).toContain('LIMIT 10000');
  }
  expect(reads).toContain("eventtime >= '2026-05-17T06:00:00Z'");
  expect(decryptions).toContain("eventtime <= '2026-05-18T06:00:00Z'");
});

test('names of secrets are literal in patterns: a dot is a dot, a plus a plus', () => {
  const [jwt, db] = manifest.secrets;
  const { reads } = statementsFor(theDay, {
    ...deployed,
    manifest: {
      ...manifest,
      secrets: [
        { ...(jwt as NonNullable<typeof jwt>), name: 'a.b+c/jwt' },
        db as NonNullable<typeof db>,
      ],
    },
  });
  expect(reads).toContain(
    'secret:(a[.]b[+]c/jwt|pharmacy/prod/db)(-[A-Za-z0-9]{6})?|(a[.]b[+]c/jwt|pharmacy/prod/db))$',
  );
  expect(grammar.validate(reads)).toEqual([]);
});

test('a principal narrows the search by its name alone, and only by one that is a name', () => {
  const asked = (principal: string) => statementsFor({ ...theDay, principal }).reads;
  expect(asked('arn:aws:iam::000000000000:role/some/path/api')).toContain("'api') > 0");
  expect(asked('arn:aws:sts::000000000000:assumed-role/api/session')).toContain("'api') > 0");
  for (const hostile of ["x') > 0 OR ('1'='1", "arn:aws:iam::000000000000:user/x' OR '1'='1"]) {
    expect(asked(hostile)).not.toContain('strpos');
    expect(asked(hostile)).not.toContain("'1'='1");
  }
});

test('a quotation mark is doubled, and what no name holds is refused', () => {
  expect(quoted("it's")).toBe("'it''s'");
  expect(() => quoted('zero\u0000byte')).toThrow(RangeError);
  expect(() => quoted('n\u00f6')).toThrow(RangeError);
});

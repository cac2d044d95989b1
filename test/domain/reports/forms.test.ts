/** Markdown, CSV and the page's markup: what comes from a deployment is text in all of them. */
import { describe, expect, test } from '@jest/globals';
import { withControls } from '../../../domain/reports/controls/controls.ts';
import { csv } from '../../../domain/reports/deployment/csv.ts';
import { markdown } from '../../../domain/reports/deployment/markdown.ts';
import { page } from '../../../domain/reports/html/page.ts';
import { pharmacyFacts, pharmacyReport } from './pharmacy.ts';

/** The report when the purpose of `jwt` is this. */
function withPurpose(purpose: string) {
  const { secrets } = pharmacyFacts();
  return pharmacyReport({
    secrets: secrets.map((secret) => (secret.key === 'jwt' ? { ...secret, purpose } : secret)),
  });
}

describe('Markdown', () => {
  test('has the schedule and the inventory as tables, with contacts and their review', () => {
    const text = markdown(pharmacyReport());
    expect(text).toContain(
      '| Secret | State | Last rotated | Next due | Frequency |\n|---|---|---|---|---|',
    );
    expect(text).toContain('| jwt | OVERDUE | 2025-11-18 | 2026-05-17 | every 180 days |');
    expect(text).toContain('| Secret | Purpose | Storage | Encryption at rest | Who has access |');
    expect(text).toContain('| dbAdmin | user-managed | not recorded | as needed | as needed |');
    expect(text).toContain('Last updated: 2026-04-01. Next review: 2026-06-30.');
    expect(text).toContain('Last drill of an emergency: 2026-04-01, passed.');
    expect(text).toContain(
      '## Needs a person\n\n- **jwt** (OVERDUE): in use since 2025-11-18 09:00 UTC',
    );
    expect(text).not.toContain('## Certificates');
    expect(text).not.toContain('## Controls');
  });

  test('no cell ends its column, its row or the table, and none is markup', () => {
    const text = markdown(withPurpose('a | b\n<script>x</script> *c* [d](javascript:e) `f`'));
    const row = text.split('\n').find((line) => line.includes('script'));
    expect(row).toContain(
      'a \\| b \\<script\\>x\\</script\\> \\*c\\* \\[d\\](javascript:e) \\`f\\`',
    );
    // Five columns have six borders; an escaped one is none.
    expect(row?.match(/(?<!\\)\|/g)).toHaveLength(6);
  });

  test('a secret that only looks like one of the deployment needs a person, in every form', () => {
    const strays = [
      { name: 'pharmacy/prod/forgotten', kind: 'stray' as const },
      { name: 'pharmacy/prod/copy', kind: 'replica' as const },
    ];
    const report = pharmacyReport({ strays });
    expect(report.findings).toBe(2);
    expect(markdown(report)).toContain('- pharmacy/prod/forgotten carries the tags of this');
    expect(page(report)).toContain('<strong>pharmacy/prod/forgotten</strong>');
    expect(page(report)).not.toContain('pharmacy/prod/copy');
  });

  test('with certificates and controls there are sections of them', () => {
    const certificates = [
      {
        name: 'www',
        source: 'pharmacy.example:443',
        notAfter: '2026-08-01T00:00:00Z',
        daysLeft: 63,
      },
    ];
    const text = markdown(withControls(pharmacyReport({ certificates })));
    expect(text).toContain('| www | pharmacy.example:443 | 2026-08-01 | 63 |');
    expect(text).toContain('### AWS Security Hub SecretsManager.4: ');
  });
});

/** RFC 4180, read back. */
function parsed(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain = '', end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n)/g,
  )) {
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

describe('CSV', () => {
  test('has a line a secret, every line as long as the first and ended by CRLF', () => {
    const text = csv(pharmacyReport());
    const [heading = [], ...rows] = parsed(text);
    expect(rows.map(([key]) => key)).toEqual(pharmacyReport().secrets.map(({ key }) => key));
    expect(new Set([heading, ...rows].map(({ length }) => length))).toEqual(new Set([12]));
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    const of = (key: string, column: string) =>
      rows.find(([first]) => first === key)?.[heading.indexOf(column)];
    expect(of('pii', 'last_rotated')).toBe('2026-05-07');
    expect(of('pii', 'next_due')).toBe('2026-08-05');
    expect(of('dbAdmin', 'next_due')).toBe('');
  });

  test('quotes what needs it, and reads back as it was', () => {
    const purpose = 'signs "tokens", and\nmore';
    const rows = parsed(csv(withPurpose(purpose)));
    expect(rows[1]?.[3]).toBe(purpose);
  });

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])(
    'no spreadsheet takes %j for a formula',
    (purpose) => {
      expect(parsed(csv(withPurpose(purpose)))[1]?.[3]).toBe(`'${purpose}`);
    },
  );

  test('with controls has a line a control and secret', () => {
    const report = withControls(pharmacyReport());
    const [, ...rows] = parsed(csv(report));
    expect(rows).toHaveLength((report.controls ?? []).flatMap(({ evidence }) => evidence).length);
  });
});

describe('the page', () => {
  const hostile = `</td></style><script>window.hacked = 1</script><img src=x onerror="hacked = 2">'`;

  test('holds no markup of a deployment, wherever it comes from', () => {
    const facts = pharmacyFacts();
    const secrets = facts.secrets.map((secret) => ({
      ...secret,
      purpose: hostile,
      access: [hostile],
      status: {
        ...secret.status,
        reason: hostile,
        findings: [{ code: 'overdue', message: hostile }],
      },
    }));
    const text = page(
      withControls(
        pharmacyReport({
          secrets,
          deployment: { name: hostile, environment: hostile },
          caller: { ...facts.caller, arn: hostile, endpoint: hostile },
          contacts: {
            people: [{ role: hostile, name: hostile, reach: hostile }],
            reviewedOn: '2026-04-01',
            reviewEveryDays: 90,
          },
          certificates: [{ name: hostile, source: hostile, problem: hostile }],
          auditLog: { ...facts.auditLog, group: hostile },
        }),
      ),
    );
    expect(text).not.toMatch(/<script|<img/);
    expect(text.match(/<\/style>/g)).toHaveLength(1);
    expect(text).toContain('&lt;script&gt;window.hacked = 1&lt;/script&gt;');
  });

  test('calls late what is past its limit, whatever keeps it from rotating', () => {
    const summaryOf = (state: 'held' | 'badDate', limitAt: string | undefined) => {
      const [jwt] = pharmacyFacts().secrets;
      if (jwt === undefined) throw new Error('no jwt');
      const { limitAt: _, ...status } = jwt.status;
      const findings = [{ code: state, message: 'look at it' }];
      const changed = { ...status, ...(limitAt && { limitAt }), state, findings };
      return page(pharmacyReport({ secrets: [{ ...jwt, status: changed }] })).split(
        'id="timeline"',
      )[0];
    };
    const held = summaryOf('held', '2026-05-17T09:00:00.000Z');
    expect(held).toContain('1 secret is past its limit');
    expect(held).toContain('<dt>past their limit</dt><dd>1</dd>');
    expect(held).not.toContain('No secret is past its limit');
    expect(summaryOf('held', '2026-06-17T09:00:00.000Z')).toContain('No secret is past its limit.');
    const unknown = summaryOf('badDate', undefined);
    expect(unknown).toContain('How old jwt is, nobody can tell');
  });

  test('fetches nothing: every address in it is a link, a fragment or data', () => {
    const text = page(withControls(pharmacyReport()));
    const addresses = [...text.matchAll(/\b(?:src|href|action|data|poster|srcset)="([^"]*)"/g)];
    for (const [, address = ''] of addresses) {
      expect(address).toMatch(
        /^(#|data:,$|https:\/\/(docs\.aws\.amazon\.com|www\.ecfr\.gov|www\.aicpa-cima\.com)\/)/,
      );
    }
    expect(text).not.toMatch(/@import|url\(|<link rel="stylesheet"/);
  });
});

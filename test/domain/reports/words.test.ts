/** What the report says, word by word: its documents are read before they are checked in. */
import { describe, expect, test } from '@jest/globals';
import { withControls } from '../../../domain/reports/controls/controls.ts';
import { reviewed } from '../../../domain/reports/deployment/contacts.ts';
import {
  isReservation,
  knownFacts,
  toldEvidence,
} from '../../../domain/reports/deployment/evidence-words.ts';
import { markdown } from '../../../domain/reports/deployment/markdown.ts';
import { purposeOf } from '../../../domain/reports/deployment/purpose.ts';
import { triggerOf } from '../../../domain/reports/deployment/trigger-words.ts';
import * as words from '../../../domain/reports/deployment/words.ts';
import type {
  DeploymentReport,
  ReportedSecret,
} from '../../../domain/reports/deployment-report.ts';
import { page } from '../../../domain/reports/html/page.ts';
import { expectDocument } from '../../document.ts';
import { inWords } from './in-words.ts';
import { pharmacyReport } from './pharmacy.ts';

const everything = withControls(
  pharmacyReport({
    strays: [
      { name: 'pharmacy/prod/forgotten', kind: 'stray' },
      { name: 'pharmacy/prod/copy', kind: 'replica' },
    ],
    certificates: [
      {
        name: 'www',
        source: 'pharmacy.example:443',
        notAfter: '2026-08-01T00:00:00Z',
        daysLeft: 63,
      },
      { name: 'mail', source: 'mail.pharmacy.example:465', problem: 'nobody answers' },
    ],
  }),
);

test('the report of a deployment reads as it is written down, as text and as a page', () => {
  const folder = 'test/domain/reports/';
  expectDocument(`${folder}report.golden.md`, markdown(everything));
  expectDocument(`${folder}page.golden.md`, inWords(page(everything)));
});

test('the page has no section for what there is nothing of', () => {
  const less = inWords(page(pharmacyReport()));
  expect(less).not.toMatch(/Certificates|Controls/);
  expect(inWords(page(everything))).toMatch(/\(#certificates\).*\(#controls\)/s);
});

describe('evidence', () => {
  test('has a sentence for every fact, with and without what is noted of it', () => {
    const noted = {
      target: 'GitHub',
      wrote: true,
      readBack: 'equal',
      updatedAt: 'noon',
      primary: 'k1',
      role: 'app_a',
      versionId: 'v1',
      refused: 9,
      kid: 'k0',
      reason: 'rows are left',
      until: 'noon',
      count: 2,
      host: 'db.internal',
      identity: 'app',
      open: 3,
      bytes: 70_000,
      limit: 48_000,
      status: 204,
    };
    const lines = [...knownFacts].map((fact) => {
      const [bare] = toldEvidence([{ fact }]);
      const [full] = toldEvidence([{ fact, detail: noted }]);
      expect(bare).toEqual({ fact, words: bare?.words });
      expect(full).toEqual({ fact, detail: noted, words: full?.words });
      const mark = isReservation({ fact }) ? 'missing' : '';
      return `| ${fact} | ${mark} | ${full?.words} | ${bare?.words === full?.words ? '' : bare?.words} |`;
    });
    const heading = '| Fact | | Noted in full | Nothing noted |\n|---|---|---|---|';
    expectDocument('test/domain/reports/evidence.golden.md', `${[heading, ...lines].join('\n')}\n`);
  });

  test('says what was read back of a copy, and whether it was written at all', () => {
    const copied = (detail: Record<string, string | boolean>) =>
      toldEvidence([{ fact: 'copied', detail: { target: 'T', ...detail } }])[0]?.words;
    expect(copied({ wrote: false, readBack: 'equal' })).toBe(
      'T held the new value (read back and equal)',
    );
    expect(copied({ readBack: 'fingerprint' })).toBe(
      'T was given the new value (it answered with the fingerprint of the value)',
    );
    expect(copied({ readBack: 'updatedAt' })).toBe(
      'T was given the new value (changed there at a time not noted; values cannot be read there)',
    );
    expect(copied({})).toBe('T was given the new value (it accepted it; nothing was read back)');
  });

  test('found twice is told once, and what has no sentence by its name', () => {
    const found = ['rowsCounted', 'escrowed', 'rowsCounted'].map((fact) => ({ fact }));
    expect(toldEvidence(found).map((one) => one.words)).toEqual([
      'rows counted',
      'a second copy of the keys was written to escrow',
    ]);
  });
});

describe('who set a rotation off', () => {
  const arn = 'arn:aws:sts::123456789012:assumed-role/on-call/mara';

  test.each<[Parameters<typeof triggerOf>[0], string]>([
    [{ attributed: true, requestedBy: 'cadence' }, 'the schedule'],
    [{ attributed: true, requestedBy: 'after-rotation' }, 'the rotation that published the key'],
    [{ attributed: true, requestedBy: arn }, 'on-call/mara'],
    [{ attributed: true, requestedBy: 'arn:aws:iam::123456789012:user/ci' }, 'user/ci'],
    [{ attributed: true, requestedBy: 'somebody' }, 'somebody'],
    [
      { attributed: false, requestedBy: arn },
      'the console, or Secrets Manager’s own rule: nobody was recorded',
    ],
    [{ attributed: true }, 'the console, or Secrets Manager’s own rule: nobody was recorded'],
    [
      { attributed: false, backstopProbably: true },
      'probably Secrets Manager’s own rule, the backstop',
    ],
  ])('%j: %s', (provenance, told) => {
    expect(triggerOf(provenance).words).toBe(told);
  });

  test('keeps the whole name and the reason beside the words', () => {
    expect(triggerOf({ attributed: true, requestedBy: arn, reason: 'a leak' })).toEqual({
      attributed: true,
      by: arn,
      reason: 'a leak',
      words: 'on-call/mara',
    });
    expect(Object.keys(triggerOf({ attributed: false }))).toEqual(['attributed', 'words']);
  });
});

describe('in the words of the report', () => {
  const [jwt] = everything.secrets;
  if (jwt === undefined) throw new Error('no jwt');
  const { lastRotatedAt: _last, nextDueAt: _due, frequencyDays: _every, ...bare } = jwt;
  const owned: ReportedSecret = { ...bare, kind: 'userManaged', access: [] };

  test('what is not known is said, and told apart from what its owners do', () => {
    const told = (secret: ReportedSecret) => [
      words.lastRotated(secret),
      words.nextDue(secret),
      words.access(secret),
    ];
    expect(told({ ...bare, access: [] })).toEqual(['never', 'not known', 'nobody']);
    expect(told(owned)).toEqual(['not recorded', 'as needed', 'its owners']);
    expect(words.frequency(owned)).toBe('as needed');
  });

  test.each<[ReportedSecret['encryption'], string]>([
    [
      { managedBy: 'customer', key: 'arn:aws:kms:eu-west-1:123456789012:key/k-1' },
      'customer managed KMS key k-1',
    ],
    [{ managedBy: 'aws', key: 'aws/secretsmanager' }, 'AWS managed key aws/secretsmanager'],
    [{ managedBy: 'unknown' }, 'not told'],
  ])('encryption at rest: %j', (encryption, told) => {
    expect(words.encryption({ ...bare, encryption })).toBe(told);
  });

  test('the past rests on what could be read, and says so', () => {
    const coverage = (more: Partial<DeploymentReport['auditLog']>) =>
      words.coverage({
        ...everything,
        auditLog: { group: '/g', state: 'read', events: 1, notUnderstood: 0, ...more },
      });
    const rest = 'The past is told from the control table and the date labels alone.';
    expect(coverage({})).toBe('The audit log /g was read in full for the period: 1 event.');
    expect(coverage({ events: 2, notUnderstood: 1 })).toBe(
      'The audit log /g was read in full for the period: 2 events. 1 line of it were written by another release and are not told here.',
    );
    expect(coverage({ state: 'partly' })).toBe(
      'The audit log /g holds more than was read: 1 event are told, others may be missing.',
    );
    expect(coverage({ state: 'denied' })).toBe(
      `The audit log /g could not be read with the rights of whoever made this report. ${rest}`,
    );
    expect(coverage({ state: 'absent' })).toBe(`There is no audit log /g. ${rest}`);
    const failed = { state: 'failed' as never };
    expect(coverage({ ...failed, problem: 'a timeout' })).toBe(
      `The audit log /g could not be read (a timeout). ${rest}`,
    );
    expect(coverage(failed)).toBe(`The audit log /g could not be read (no reason given). ${rest}`);
  });

  test('a rotation tells its problem first, then its evidence, then its time', () => {
    const rotation = {
      type: 'rotation' as const,
      at: '2026-05-01T00:00:00Z',
      versionId: 'v',
      outcome: 'stopped' as const,
      steps: [
        { step: 'a', outcome: 'done', milliseconds: 400 },
        { step: 'b', outcome: 'done', milliseconds: 599 },
      ],
      evidence: toldEvidence([{ fact: 'escrowed' }]),
      problem: 'nobody answers',
      proof: 'auditEvent' as const,
    };
    const copy = 'a second copy of the keys was written to escrow';
    expect(words.evidence(rotation)).toEqual(['nobody answers', copy, 'its steps took 999 ms']);
    const { problem: _none, ...sound } = rotation;
    const [first] = rotation.steps;
    const long = { ...sound, steps: first ? [{ ...first, milliseconds: 1_000 }] : [] };
    expect(words.evidence(long)).toEqual([copy, 'its steps took 1.0 s']);
    expect(words.evidence({ ...sound, steps: [], evidence: [] })).toEqual([]);
  });

  test.each<[Parameters<typeof purposeOf>[0], string]>([
    [{ kind: 'jwt' }, 'Signs the tokens users log in with (JWT)'],
    [{ kind: 'encryption', columns: [] }, 'Encrypts fields of the application'],
    [{ kind: 'encryption', columns: [{ table: 'a' }] }, 'Encrypts 1 column of a'],
    [
      { kind: 'encryption', columns: [{ table: 'a' }, { table: 'b' }, { table: 'a' }] },
      'Encrypts 3 columns of a, b',
    ],
    [
      { kind: 'database', dbname: 'd', host: 'h', scheme: 'multiUser', roles: ['a', 'b'] },
      'Logs in to database d at h as a and b, in turn',
    ],
    [
      { kind: 'database', dbname: 'd', host: 'h', scheme: 'singleUser', roles: ['a'] },
      'Logs in to database d at h as a',
    ],
    [{ kind: 'userManaged', purpose: 'the vendor’s' }, 'the vendor’s'],
  ])('is for: %j', (secret, purpose) => {
    expect(purposeOf(secret)).toBe(purpose);
  });

  test('a review of contacts is overdue on the day after the next, and where there was none', () => {
    const people = [{ role: 'on call', name: 'Mara' }];
    const at = (date: string, reviewedOn?: string) =>
      reviewed({ people, reviewedOn, reviewEveryDays: 90 }, new Date(`${date}T23:59:59Z`));
    const dates = { people, reviewedOn: '2026-01-01', nextReviewOn: '2026-04-01' };
    expect(at('2026-04-01', '2026-01-01')).toEqual({ ...dates, reviewOverdue: false });
    expect(at('2026-04-02', '2026-01-01')).toEqual({ ...dates, reviewOverdue: true });
    expect(at('2026-04-02')).toEqual({ people, reviewOverdue: true });
  });
});

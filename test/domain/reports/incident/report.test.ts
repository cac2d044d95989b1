/** The report of an incident: what it says, and what it does not claim. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { AccessAudit } from '../../../../domain/events/access-audit.ts';
import { knownFacts } from '../../../../domain/reports/deployment/evidence-words.ts';
import { incidentHtml } from '../../../../domain/reports/incident/html.ts';
import { incidentLines } from '../../../../domain/reports/incident/lines.ts';
import { incidentMarkdown } from '../../../../domain/reports/incident/markdown.ts';
import { stageFacts } from '../../../../domain/reports/incident/stage-evidence.ts';
import { deadAt, standingOf } from '../../../../domain/reports/incident/standing.ts';
import { expectDocument } from '../../../document.ts';
import { inWords } from '../in-words.ts';
import {
  audit,
  emergency,
  facts,
  id,
  reader,
  secrets,
  stranger,
  withSecret,
  withStage,
} from './incident-facts.ts';
import { drill, failedStage } from './incident-variants.ts';
import { item, reportOf } from './report-of.ts';

test.each([
  ['a whole emergency', 'closed', facts],
  ['a stage that failed, and no audit', 'failed', failedStage],
  ['a drill that found something', 'drill', drill],
])('%s reads as it is written down', (_title, name, given) => {
  const report = reportOf(given);
  const lines = incidentLines(report, 100).join('\n');
  expectDocument(
    `test/domain/reports/incident/${name}.golden.md`,
    `${incidentMarkdown(report)}\n## On a terminal\n\n\`\`\`\n${lines}\n\`\`\`\n`,
  );
  expectDocument(
    `test/domain/reports/incident/${name}.page.golden.md`,
    inWords(incidentHtml(report)),
  );
});

describe('an old credential', () => {
  const db = secrets[1];
  if (db === undefined) throw new Error('no db');

  test('is dead only when every place that was tried refused it', () => {
    expect(standingOf(db).standing).toBe('dead');
    const left = {
      fact: 'oldCredentialNotProvenDead',
      detail: { host: 'replica', port: 5433, reason: 'accepted' },
    };
    const half = standingOf({ ...db, evidence: [...db.evidence, left] });
    expect(half).toMatchObject({
      standing: 'notProven',
      notProven: [{ where: 'replica:5433', why: 'it was accepted' }],
    });
    expect(reportOf(withSecret('db', { evidence: [...db.evidence, left] })).overview).toMatchObject(
      {
        words: 'NOT every exposed credential is proven dead: 1 of 2.',
        notProven: ['db: replica:5433: it was accepted'],
        dead: 1,
      },
    );
  });

  test('is not dead because it was replaced, nor because nobody found anything', () => {
    for (const more of [{ state: 'promoted' as const }, { evidence: [] }]) {
      expect(standingOf({ ...db, ...more })).toMatchObject({ standing: 'notProven' });
      expect(deadAt([{ ...db, ...more }])).toBeUndefined();
    }
    const { promotedAt: _, ...never } = db;
    expect(standingOf({ ...never, state: 'failed', reason: 'AWS refused' })).toMatchObject({
      standing: 'alive',
      words: 'NOT replaced: the old credential is in use, and works. AWS refused.',
    });
  });

  test('of an encryption key is never called dead', () => {
    const told = standingOf({
      ...db,
      kind: 'encryption',
      evidence: [{ fact: 'oldKeysReadableOnly' }],
    });
    expect(told.standing).toBe('readableOnly');
    expect(told.words).toContain('whoever has it can read every copy');
  });

  test('of signing keys says until when a reader may go on with what it kept', () => {
    const [jwt] = reportOf(facts).secrets;
    expect(jwt?.words).toContain(
      'until 2026-04-02 08:21:50 UTC: it may keep what it read for 5 min',
    );
  });

  test('was dead when the last exposed one was', () => {
    expect(deadAt(secrets)).toBe('2026-04-02T08:18:10.000Z');
    expect(
      deadAt(secrets.map((one) => (one.exposed ? { ...one, state: 'person' } : one))),
    ).toBeUndefined();
  });
});

describe('who read them', () => {
  const wordsOf = (more: Partial<AccessAudit>) =>
    reportOf({ ...facts, audit: { ...audit, ...more } }).readers;

  test('is never nobody: what was looked at, and what was not, is in the sentence', () => {
    const readers = wordsOf({ readers: [reader({})] });
    expect(readers.words).toBe(
      'No read by a principal that is not declared is in the part of the trail that was looked at (eu-west-1 from 2026-03-30 14:00 to 2026-04-02 08:31 UTC, the trail’s bucket, by Athena; eu-central-1: not looked at: AccessDeniedException). Reads of copies leave no trace there.',
    );
    expect(readers).toMatchObject({ unknown: 0, whole: false });
    const nothing = wordsOf({ covered: audit.covered.slice(1), readers: [] });
    expect(nothing.words).toMatch(/^Who read the secrets is not known: nothing of the trail/);
    expect(nothing.unknown).toBeUndefined();
    for (const given of [facts, { ...facts, audit: { ...audit, readers: [] } }]) {
      const report = reportOf(given);
      expect(report.readers.words).not.toMatch(/nobody/i);
      expect(incidentHtml(report)).not.toMatch(/nobody (has )?read/i);
    }
  });

  test('tells apart who read, who was refused, and a list that is cut', () => {
    const refused = reader({
      standing: 'unknown',
      secrets: [{ key: 'db', reads: 0, denied: 4, versions: [] }],
    });
    const readers = wordsOf({ readers: [stranger, refused], moreReaders: 7 });
    expect(readers).toMatchObject({ unknown: 1, refused: 1, unknownOfNew: 0, whole: false });
    expect(readers.words).toContain('1 principal that is not declared tried, and was refused.');
    expect(readers.words).toContain('7 more readers did not fit into the list.');
  });

  test('is accounted for only when the whole time was looked at in every region, and nobody unknown is in it', () => {
    const covered = audit.covered.slice(0, 1);
    const only = { ...audit, covered, readers: [reader({})] };
    expect(item({ ...facts, audit: only }, 'accessAudit')?.state).toBe('done');
    const late = covered.map((one) => ({ ...one, from: '2026-03-30T14:00:01.000Z' }));
    for (const less of [{ covered: late }, { readers: [stranger] }, { moreReaders: 1 }]) {
      expect(item({ ...facts, audit: { ...only, ...less } }, 'accessAudit')?.state).toBe('open');
    }
  });

  test('raises the incident again, above everything else, when the new value was read', () => {
    const again = { ...facts, audit: { ...audit, readers: [{ ...stranger, readNew: true }] } };
    const [first] = reportOf(again).alerts;
    expect(first?.words).toContain(
      `The NEW values were read by 1 principal that nobody declared: ${stranger.principal}`,
    );
    expect(first?.commands).toEqual([
      `npx quarterturn emergency db --reason "follows ${id}" --deployment pharmacy/prod`,
    ]);
    const declared = { ...audit, readers: [reader({ readNew: true })] };
    expect(reportOf({ ...facts, audit: declared }).alerts).toEqual([]);
  });
});

describe('evidence', () => {
  test('of every stage of the machine has words', () => {
    const room = join(import.meta.dirname, '..', '..', '..', '..', 'lambdas', 'emergency');
    const texts = readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(room, file), 'utf8'));
    const noted = /(?:evidenceOf\(|done\(|fact: |: (?='consumer))\s*'([a-z][a-zA-Z]+)'/g;
    const found = new Set(
      texts.flatMap((text) => [...text.matchAll(noted)].flatMap(([, fact]) => fact ?? [])),
    );
    expect(found.size).toBeGreaterThan(10);
    const known = (fact: string) => Object.hasOwn(stageFacts, fact) || knownFacts.has(fact);
    expect([...found].filter((fact) => !known(fact))).toEqual([]);
  });

  test('that is not as it should be stands among what failed', () => {
    const evidence = [
      { fact: 'consumerNotStopped', detail: { consumer: 'api', detail: 'AccessDenied' } },
    ];
    expect(reportOf(withStage('stop', { evidence })).problems).toEqual([
      'stop: api could NOT be stopped: AccessDenied',
    ]);
  });
});

describe('the outcome', () => {
  test.each([
    ['closed while only report and telling are to come', facts, 'closed'],
    ['incomplete once a stage failed', withStage('accessAudit', { state: 'failed' }), 'incomplete'],
    ['incomplete once a secret failed', withSecret('pii', { state: 'failed' }), 'incomplete'],
    ['still running while a stage is', withStage('settle', { state: 'running' }), 'running'],
    [
      'what the machine says when it is over',
      { ...facts, emergency: { ...emergency, state: 'incomplete' as const, ended: 'timed out' } },
      'incomplete',
    ],
  ])('is %s', (_title, given, outcome) => {
    expect(reportOf(given).outcome).toBe(outcome);
  });

  test('tells lateness against five minutes and an hour', () => {
    const slow = { ...facts, now: new Date('2026-04-02T09:30:00Z') };
    const text = incidentMarkdown(
      reportOf({
        ...slow,
        secrets: secrets.map((one) =>
          one.key === 'db' ? { ...one, provenAt: '2026-04-02T08:25:00.000Z' } : one,
        ),
      }),
    );
    expect(text).toContain('| Until dead | 10 min; aimed at: 5 min: LATE |');
    expect(text).toContain('| Until over | 1 h 15 min so far; aimed at: 1 h: LATE |');
  });
});

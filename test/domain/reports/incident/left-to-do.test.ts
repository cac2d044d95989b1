/** What is left to be done: ticked only where something shows it. */
import { describe, expect, test } from '@jest/globals';
import { emergency, facts, id, secrets, withSecret, withStage } from './incident-facts.ts';
import { item, reportOf } from './report-of.ts';

describe('what is left to be done', () => {
  test('names what machines did with what shows it, and who does the rest', () => {
    const report = reportOf(facts);
    const states = Object.fromEntries(report.remaining.map((one) => [one.id, one.state]));
    expect(states).toMatchObject({
      exposed: 'done',
      others: 'done',
      byHand: 'open',
      rows: 'underWay',
      sessions: 'done',
      restart: 'open',
      accessAudit: 'open',
      lift: 'open',
      scan: 'open',
      objects: 'open',
      copies: 'done',
      notVisible: 'open',
      certificates: 'open',
      notify: 'underWay',
      report: 'done',
      duties: 'open',
    });
    for (const one of report.remaining) {
      if (one.state === 'done') expect(one.because.length).toBeGreaterThan(0);
      if (one.state === 'open') expect(one.who).toBeDefined();
    }
  });

  test('is everything else, where only what was exposed was replaced', () => {
    const alone = {
      ...facts,
      emergency: { ...emergency, others: [] },
      secrets: secrets.filter(({ exposed }) => exposed),
    };
    expect(item(alone, 'others')).toMatchObject({
      state: 'open',
      commands: [
        `npx quarterturn emergency pii --reason "follows ${id}" --deployment pharmacy/prod`,
      ],
    });
    const byHand = reportOf(alone).remaining.filter((one) => one.id === 'byHand');
    expect(byHand.map(({ commands }) => commands)).toEqual([
      [],
      ['npx quarterturn adopt legacyDb --deployment pharmacy/prod'],
    ]);
  });

  test('is no longer to lift what was lifted', () => {
    expect(item(facts, 'lift')?.commands).toEqual([
      `npx quarterturn emergency --lift ${id} --deployment pharmacy/prod`,
    ]);
    const evidence = [{ fact: 'containmentLifted', detail: { at: '2026-04-03T09:00:00.000Z' } }];
    expect(item(withStage('contain', { evidence }), 'lift')?.state).toBe('done');
  });

  test('has no tick for sessions that nobody saw end', () => {
    const open = { fact: 'sessionsOfOldCredential', detail: { role: 'app_a', open: 2 } };
    expect(item(withSecret('db', { evidence: [open] }), 'sessions')).toMatchObject({
      state: 'open',
      because: ['jwt: ended', 'db: not shown to have ended'],
    });
  });

  test('is to be ticked for rows when every one is proven to be under the new key, not before', () => {
    const { pii } = facts.rows ?? {};
    if (pii === undefined) throw new Error('no rows');
    expect(item({ ...facts, rows: { pii: { ...pii, state: 'verified' } } }, 'rows')?.state).toBe(
      'done',
    );
    for (const state of ['unproven', 'stopped', 'closed'] as const) {
      expect(item({ ...facts, rows: { pii: { ...pii, state } } }, 'rows')?.state).toBe('open');
    }
    expect(item({ ...facts, rows: {} }, 'rows')?.state).toBe('open');
  });

  test('asks for a review of contacts that is overdue', () => {
    const { contacts } = facts.manifest;
    if (contacts === undefined) throw new Error('no contacts');
    const manifest = { ...facts.manifest, contacts: { ...contacts, reviewedOn: '2025-06-01' } };
    expect(item({ ...facts, manifest }, 'contacts')?.words).toContain('overdue since 2025-08-30');
    expect(item(facts, 'contacts')).toBeUndefined();
  });
});

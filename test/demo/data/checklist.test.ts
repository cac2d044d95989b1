import { describe, expect, test } from '@jest/globals';
import { checklist, validateDataSet } from '../../../demo/data/checklist.ts';
import type { DataSet } from '../../../demo/data/data-set.ts';
import { generateDataSet } from '../../../demo/data/generate.ts';

/** The violation each check must see, and the row it must name. */
const planted: Record<string, [plant: (data: DataSet) => void, offending: string][]> = {
  'every table has rows, and every id is used once': [
    [(data) => Object.assign(first(data.patients), { id: 2 }), 'patients/2'],
    [(data) => data.accessLog.splice(0), 'accessLog/none'],
  ],
  'every workspaceId resolves to a defined workspace': [
    [(data) => Object.assign(first(data.patients), { workspaceId: 'ws-999' }), 'patients/1'],
    [
      (data) => Object.assign(first(data.storedCredentials), { workspaceId: '' }),
      'storedCredentials/1',
    ],
    [(data) => Object.assign(first(data.accessLog), { workspaceId: 'WS-001' }), 'accessLog/1'],
  ],
  'every prescription is of a patient there is': [
    [(data) => Object.assign(first(data.prescriptions), { patientId: 999 }), 'prescriptions/1'],
  ],
  'owner e-mails are inside example.com': [
    [
      (data) => Object.assign(first(data.workspaces), { ownerEmail: 'a@pharmacy.test' }),
      'workspaces/ws-001',
    ],
    [
      (data) => Object.assign(first(data.workspaces), { ownerEmail: 'a@example.com.evil.test' }),
      'workspaces/ws-001',
    ],
  ],
  'social security numbers were never issued, telephone numbers are kept for fiction': [
    [(data) => Object.assign(first(data.patients), { ssn: '219-09-9999' }), 'patients/1'],
    [(data) => Object.assign(first(data.patients), { phone: '+1-202-456-1111' }), 'patients/1'],
  ],
  'stored credentials are tokenized assets': [
    [
      (data) => Object.assign(first(data.storedCredentials), { token: 'hunter2' }),
      'storedCredentials/1',
    ],
  ],
  'log entries speak of masked values, surrogate ids or tokenized assets': [
    [(data) => Object.assign(first(data.accessLog), { message: 'read a record' }), 'accessLog/1'],
    [(data) => Object.assign(first(data.accessLog), { actor: 'ada' }), 'accessLog/1'],
  ],
  'log entries and prescriptions name nobody': [
    [
      (data) =>
        Object.assign(first(data.accessLog), {
          message: `pat-000001 is ${first(data.patients).name}`,
        }),
      'accessLog/1',
    ],
    [
      (data) => Object.assign(first(data.accessLog), { message: 'pat-000001 has 000-12-0001' }),
      'accessLog/1',
    ],
    [
      (data) => Object.assign(first(data.accessLog), { message: 'pat-000001, +1-202-555-0101' }),
      'accessLog/1',
    ],
    [
      (data) =>
        Object.assign(first(data.prescriptions), { note: `call ${first(data.patients).name}` }),
      'prescriptions/1',
    ],
  ],
  'no raw URL, token or channel name in any text': [
    [
      (data) => Object.assign(first(data.accessLog), { message: 'pat-000001 at https://a.test/x' }),
      'accessLog/1',
    ],
    [
      (data) => Object.assign(first(data.prescriptions), { dosage: 'see https://a.test/x' }),
      'prescriptions/1',
    ],
    [
      (data) => Object.assign(first(data.accessLog), { message: 'pat-000001 told to #support' }),
      'accessLog/1',
    ],
    [
      (data) => Object.assign(first(data.accessLog), { message: 'pat-000001 with Bearer abc' }),
      'accessLog/1',
    ],
    [
      (data) => Object.assign(first(data.storedCredentials), { provider: 'db.internal' }),
      'storedCredentials/1',
    ],
    [
      (data) => Object.assign(first(data.workspaces), { name: 'q83hsdf7h2jsd98fh2kjsdf' }),
      'workspaces/ws-001',
    ],
  ],
  'every timestamp lies inside the release window': [
    [(data) => Object.assign(first(data.accessLog), { at: data.window.until }), 'accessLog/1'],
    [
      (data) => Object.assign(first(data.patients), { enrolledAt: '2025-11-03T23:59:59Z' }),
      'patients/1',
    ],
    [(data) => Object.assign(first(data.workspaces), { createdAt: 'lately' }), 'workspaces/ws-001'],
    [
      (data) => Object.assign(first(data.prescriptions), { prescribedAt: '2025-11-18T00:00:00Z' }),
      'prescriptions/1',
    ],
  ],
};

describe('the validation checklist', () => {
  test('passes the generated data set, every check', () => {
    const verdicts = validateDataSet(generateDataSet());

    expect(verdicts).toHaveLength(checklist.length);
    expect(verdicts.filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
  });

  test('passes the data set of any seed', () => {
    for (const seed of [1, 2, 3, 4_294_967_295]) {
      expect(validateDataSet(generateDataSet(seed)).flatMap(({ offending }) => offending)).toEqual(
        [],
      );
    }
  });

  test('has a planted violation for every check', () => {
    expect(Object.keys(planted).sort()).toEqual(checklist.map(({ name }) => name).sort());
  });

  for (const [check, violations] of Object.entries(planted)) {
    violations.forEach(([plant, row], index) => {
      test(`fails "${check}" on violation ${index + 1} and names the row`, () => {
        const data = generateDataSet();
        plant(data);

        const verdict = validateDataSet(data).find((one) => one.check === check);

        expect(verdict?.verdict).toBe('failed');
        expect(verdict?.offending).toContain(row);
      });
    });
  }
});

function first<Row>(rows: readonly Row[]): Row {
  const row = rows[0];
  if (row === undefined) {
    throw new RangeError('The table has no rows.');
  }
  return row;
}

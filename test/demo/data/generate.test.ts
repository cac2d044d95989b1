import { describe, expect, test } from '@jest/globals';
import { generateDataSet } from '../../../demo/data/generate.ts';

describe('the mock data set', () => {
  test('is the same for the same seed', () => {
    expect(generateDataSet(7)).toEqual(generateDataSet(7));
  });

  test('is another one for another seed', () => {
    expect(generateDataSet(7)).not.toEqual(generateDataSet(8));
  });

  test('has a few hundred rows', () => {
    const { window: _, ...tables } = generateDataSet();

    expect(Object.values(tables).flat()).toHaveLength(762);
  });

  test('has as many rows as asked for', () => {
    const data = generateDataSet(1, {
      workspaces: 2,
      patients: 3,
      storedCredentials: 4,
      prescriptions: 6,
      accessLog: 5,
    });

    expect(data.patients).toHaveLength(3);
    expect(data.prescriptions).toHaveLength(6);
    expect(data.accessLog).toHaveLength(5);
    expect(new Set(data.patients.map(({ workspaceId }) => workspaceId)).size).toBeLessThanOrEqual(
      2,
    );
  });
});

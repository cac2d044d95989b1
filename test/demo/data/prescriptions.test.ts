import { expect, test } from '@jest/globals';
import { generateDataSet } from '../../../demo/data/generate.ts';
import { prescription } from '../../../demo/data/prescriptions.ts';

const { patients, window } = generateDataSet();
const ids = Array.from({ length: 2_000 }, (_, index) => index + 1);
const made = ids.map((id) => prescription(id, patients.length, window));

test('a prescription is known by its id, and those of other ids differ', () => {
  expect(ids.map((id) => prescription(id, patients.length, window))).toEqual(made);
  expect(new Set(made.map(({ dosage, note }) => `${dosage} ${note}`)).size).toBeGreaterThan(1_500);
});

test('they are of all patients there are, and of no other', () => {
  const of = new Set(made.map(({ patientId }) => patientId));
  expect([...of].sort((a, b) => a - b)).toEqual(patients.map(({ id }) => id));
});

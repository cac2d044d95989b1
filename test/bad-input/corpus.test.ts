/** The corpus is complete: every item has a row that meets it. */
import { expect, test } from '@jest/globals';
import { recordFigures } from '../assurance/figures.ts';
import { rows as ciphertextRows } from './ciphertexts.ts';
import { columnItems } from './columns-on-postgres.ts';
import { configurationItems } from './configurations.ts';
import { rows as databaseRows } from './database-values.ts';
import { rows as eventRows } from './events.ts';
import { rows as keysetRows } from './keysets.ts';
import { rows as lookupRows } from './lookups.ts';
import { postgresItems } from './postgres-items.ts';
import { rows as valueRows } from './values.ts';

/** Items 38 to 40 are states of Secrets Manager and KMS: service.test.ts has a test of that number each. */
const inService = [38, 39, 40];
const rows = [
  ...eventRows,
  ...valueRows,
  ...databaseRows,
  ...postgresItems,
  ...keysetRows,
  ...lookupRows,
  ...ciphertextRows,
  ...columnItems,
  ...configurationItems,
];

test('items 1 to 66 have a row each', () => {
  const met = new Set([...rows.map(({ item }) => item), ...inService]);
  const items = Array.from({ length: 66 }, (_, index) => index + 1);
  expect(items.filter((item) => !met.has(item))).toEqual([]);
  expect([...met].filter((item) => !items.includes(item))).toEqual([]);
});

test('there are hundreds of rows, and no two are the same', () => {
  const titles = rows.map(({ item, title }) => `${item} ${title}`);
  expect(new Set(titles).size).toBe(titles.length);
  expect(titles.length).toBeGreaterThan(1_200);
});

test('the corpus is counted', () => {
  const groups = new Set([...rows.map(({ item }) => item), ...inService]).size;
  // A row that is not held to its promises fails in its own file: what is counted here are rows without a group.
  recordFigures('corpus', 0, { groups, rows: rows.length });
});

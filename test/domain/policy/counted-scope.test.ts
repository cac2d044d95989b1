import { expect, test } from '@jest/globals';
import { type Counted, scopeOf } from '../../../domain/policy/counted-scope.ts';

const ssn = { id: 'patients.ssn', table: 'public.patients', column: 'ssn' };
const note = { id: 'visits.note', table: 'public.visits', column: 'doc', path: ['note'] };
const endpoint = { host: 'db.example', port: 5432, dbname: 'clinic' };
const counted: Counted = { columns: [ssn, note], stores: ['archive', 'lake'], endpoint };
const scope = scopeOf(counted);

test('the order of a declaration and what else a column says do not matter', () => {
  const format = { ...ssn, format: { name: 'qt1' } };
  expect(scopeOf({ columns: [note, format], stores: ['lake', 'archive'], endpoint })).toBe(scope);
  expect(scope).toMatch(/^[0-9a-f]{32}$/);
});

test.each<[string, Partial<Counted>]>([
  ['a column less', { columns: [ssn] }],
  ['another path', { columns: [ssn, { ...note, path: ['note', 'text'] }] }],
  ['a document in place of a path', { columns: [ssn, { ...note, path: undefined }] }],
  ['another table', { columns: [ssn, { ...note, table: 'archive.visits' }] }],
  ['a store more', { stores: ['archive', 'lake', 'queue'] }],
  ['another host', { endpoint: { ...endpoint, host: 'restored.example' } }],
  ['another database', { endpoint: { ...endpoint, dbname: 'tenant2' } }],
])('%s is another scope', (_what, change) => {
  expect(scopeOf({ ...counted, ...change })).not.toBe(scope);
});

/** Keysets, ciphertext and the rows under it. */
import type { Kill } from './kill.ts';

const values = { suite: 'test/domain/secrets/secret-value.test.ts' };
const next = { suite: 'test/domain/secrets/next-value.test.ts' };
const tampering = { suite: 'test/domain/ciphertext/tampering.test.ts' };
const steps = 'test/lambdas/reencryption/steps.test.ts';
const concurrency = 'test/lambdas/reencryption/concurrency.test.ts';
const prune = { suite: 'test/domain/policy/prune.test.ts' };

export const keyAndRowKills: readonly Kill[] = [
  {
    name: 'ciphertext is not bound to its place (AAD)',
    file: 'domain/ciphertext/binding.ts',
    find: "  const { profile } = binding;\n  if (profile === 'none') {\n",
    replace: "  const { profile } = binding;\n  if (profile !== ('' as string)) {\n",
    red: [
      { suite: 'test/domain/ciphertext/qt1.test.ts' },
      { suite: 'test/domain/ciphertext/qt1-by-hand.test.ts' },
    ],
  },
  {
    name: 'a value says itself how strictly it is bound',
    file: 'domain/ciphertext/qt1-body.ts',
    find: 'if (profile !== binding.profile) {',
    replace: 'if (kid === "") {',
    red: [tampering],
  },
  {
    name: 'every column has the same sealing key',
    file: 'domain/ciphertext/binding.ts',
    find: "binding.profile === 'none' ? '' : checkedText(binding.column, 'column id');",
    replace: "binding.profile === 'none' ? '' : checkedText('any', 'column id');",
    red: [{ suite: 'test/domain/ciphertext/vectors.test.ts' }],
  },
  {
    name: 'a kid is not compared with its key',
    file: 'domain/secrets/keyset.ts',
    find: 'if (!flags.adopted && kidOf(bytes) !== kid) {',
    replace: 'if (!flags.adopted && kidOf(bytes) === "") {',
    red: [values],
  },
  {
    name: 'a keyset may have two primary keys',
    file: 'domain/secrets/keyset.ts',
    find: 'if (primaries !== 1) {',
    replace: 'if (primaries < 1) {',
    red: [values],
  },
  {
    name: 'a keyset may lose keys',
    file: 'domain/secrets/union.ts',
    find: 'if (lost.size > 0) {',
    replace: 'if (lost.size > 99) {',
    red: [next],
  },
  {
    name: 'a plain value over a keyset is adopted',
    file: 'domain/secrets/next-value.ts',
    find: '    change.rotatedBefore ||\n    older.some(',
    replace: '    [].length > 0 &&\n    older.some(',
    red: [next],
  },
  {
    name: 'a development fallback is adopted',
    file: 'domain/secrets/next-value.ts',
    find: "if (found !== undefined && settings.developmentFallbacks !== 'allowed') {",
    replace: "if (found === '' && settings.developmentFallbacks !== 'allowed') {",
    red: [{ suite: 'test/domain/secrets/fallbacks.test.ts' }],
  },
  {
    name: 'one source of randomness instead of both',
    file: 'doors/random.ts',
    find: '(combined[index] ?? 0) ^ (part[index] ?? 0)',
    replace: '(part[index] ?? 0)',
    red: [{ suite: 'test/doors/random.test.ts' }],
  },
  {
    name: 'a planned rotation goes on without KMS',
    file: 'lambdas/rotation/run.ts',
    find: "AwsCallError) || intent !== 'emergency')",
    replace: "AwsCallError) || intent === 'activate')",
    red: [{ suite: 'test/lambdas/rotation/refused-at-once.test.ts' }],
  },
  {
    name: 'rows are counted once instead of twice before a key is pruned',
    file: 'domain/policy/prune.ts',
    find: '[jobVerified, provenZero, longDisabled, counted, noBackups]',
    replace: '[jobVerified, provenZero, longDisabled, noBackups]',
    red: [prune],
  },
  {
    name: 'a key is pruned while a backup holds rows under it',
    file: 'domain/policy/prune.ts',
    find: '[jobVerified, provenZero, longDisabled, counted, noBackups]',
    replace: '[jobVerified, provenZero, longDisabled, counted]',
    red: [prune],
  },
  {
    name: 'zero rows are counted of those a policy shows',
    file: 'lambdas/reencryption/ledger.ts',
    find: "    await session.query('set local row_security = off');\n",
    replace: '',
    red: [{ suite: steps, only: /row-level security is an error/ }],
  },
  {
    name: 'whoever closes a job does not wait for its batches (FOR SHARE)',
    file: 'lambdas/reencryption/job.ts',
    find: ' where id = $1 for share`',
    replace: ' where id = $1`',
    red: [{ suite: 'test/lambdas/encryption/fence.test.ts' }],
  },
  {
    name: 'a closed job goes on',
    file: 'lambdas/reencryption/job.ts',
    find: "if (state !== 'active' || epoch",
    replace: 'if (state === undefined || epoch',
    red: [{ suite: concurrency, only: /from the moment the emergency has closed it/ }],
  },
  {
    name: 'a job whose epoch has moved on goes on',
    file: 'lambdas/reencryption/job.ts',
    find: ' || epoch !== job.epoch || ',
    replace: ' || ',
    red: [{ suite: 'test/lambdas/reencryption/still-ours.test.ts' }],
  },
  {
    name: 'rows are written without comparing what stands there',
    file: 'lambdas/reencryption/statements.ts',
    find: '...fields.map(({ same }, at) =>',
    replace: '...fields.slice(0, 0).map(({ same }, at) =>',
    red: [{ suite: concurrency, only: /no update is lost/ }],
  },
];

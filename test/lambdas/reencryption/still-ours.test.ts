import { describe, expect, test } from '@jest/globals';
import type { BulkSession, TextRow } from '../../../doors/postgres/bulk-session.ts';
import { assertStillOurs, type Job } from '../../../lambdas/reencryption/job.ts';

const job: Job = {
  id: '7',
  secret: 'pharmacy/test/field-key',
  targetKid: '9f2c41aa07be63d1',
  keysetVersion: '00000000-0000-4000-8000-000000000001',
  epoch: '3',
  mode: 'online',
  state: 'active',
  paused: false,
  pass: 0,
  passKind: 'rewrite',
  createdAt: '2026-01-05T03:00:00.000Z',
  verifiedAt: null,
};

/** The ledger answers with this row, as it might after a restore of the database. */
const ledgerWith = (...row: readonly (string | null)[]): BulkSession =>
  ({ rows: async (): Promise<TextRow[]> => (row.length === 0 ? [] : [row]) }) as never;

describe('a batch goes on', () => {
  test.each([
    ['f', false],
    ['t', true],
  ])(
    'under the job it was claimed for, and hears whether it is paused: %s',
    async (told, paused) => {
      const session = ledgerWith('active', job.epoch, job.targetKid, told);
      expect(await assertStillOurs(session, job, 1_000)).toEqual({ paused });
    },
  );

  test.each([
    ['closed', ledgerWith('closed', job.epoch, job.targetKid, 'f')],
    ['verified', ledgerWith('verified', job.epoch, job.targetKid, 'f')],
    ['of another epoch', ledgerWith('active', '4', job.targetKid, 'f')],
    ['toward another key', ledgerWith('active', job.epoch, '1a77c0de55e1b002', 'f')],
    ['gone', ledgerWith()],
  ])('not when the job is %s', async (_what, session) => {
    await expect(assertStillOurs(session, job, 1_000)).rejects.toMatchObject({
      code: 'ERR_ROTATION_JOB_FENCED',
    });
  });
});

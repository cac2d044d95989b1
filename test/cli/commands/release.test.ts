import { beforeEach, describe, expect, test } from '@jest/globals';
import { releaseReportSchema } from '../../../domain/reports/release-report.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const name = 'pharmacy/prod/jwt';
const hold = {
  reason: 'rolled back: api was not well',
  at: '2026-05-17T12:00:00.000Z',
  until: '2026-05-20T12:00:00.000Z',
};

let deployment: InMemoryDeployment;
beforeEach(async () => {
  deployment = inMemoryDeployment({ now: '2026-05-17T17:00:00Z' });
  await deployment.controlTable.putHold(name, hold);
});
const release = (...argv: string[]) => runCommand(deployment, ['release', 'jwt', ...argv]);

describe('release', () => {
  test('shows why and since when, asks, and ends the hold; who did it stands in its record', async () => {
    const terminal = recordedTerminal({ interactive: true, answer: true, columns: 300 });
    const { exitCode, said } = await runCommand(deployment, ['release', 'jwt'], terminal);
    expect(exitCode).toBe(0);
    expect(said).toContain(
      `${name} is on hold since ${hold.at} until ${hold.until}: ${hold.reason}`,
    );
    expect(terminal.asked).toEqual(['Release it?']);
    expect(said).toContain(`Released: the schedule rotates ${name} again when it is due.`);
    expect(await deployment.controlTable.getHold(name)).toEqual({
      ...hold,
      until: '2026-05-17T17:00:00.000Z',
      releasedBy: 'arn:aws:iam::000000000000:user/on-call',
    });
    // There is nothing left to release, and whoever asks is told who did.
    expect((await release()).said).toContain('was ended by arn:aws:iam::000000000000:user/on-call');
  });

  test('without a yes, and where nobody can be asked, it stays', async () => {
    const no = recordedTerminal({ interactive: true, answer: false });
    expect((await runCommand(deployment, ['release', 'jwt'], no)).exitCode).toBe(1);
    const { exitCode, complained } = await release();
    expect([exitCode, complained]).toEqual([1, expect.stringContaining('expected --yes')]);
    expect(await deployment.controlTable.getHold(name)).toEqual(hold);
  });

  test('another hold that was put meanwhile stands', async () => {
    const later = { ...hold, reason: 'rolled back again', at: '2026-05-17T16:59:59.000Z' };
    const { endHold } = deployment.controlTable;
    deployment.controlTable.endHold = async (...args) => {
      await deployment.controlTable.putHold(name, later);
      return endHold(...args);
    };
    const { exitCode, said } = await release('--yes', '--json');
    expect(exitCode).toBe(1);
    expect(releaseReportSchema.parse(JSON.parse(said))).toMatchObject({
      outcome: 'refused',
      hold: later,
      problem: { code: 'ERR_ROTATION_HOLD_CHANGED' },
    });
    expect(await deployment.controlTable.getHold(name)).toEqual(later);
  });
});

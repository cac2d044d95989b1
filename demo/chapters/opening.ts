import { kidOfToken } from '../application-load.ts';
import { prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import type { Report } from '../terminal/scene.ts';

export const opening = {
  title: 'The application: examples/pharmacy-api, two processes with rights of their own',

  async run({ pharmacy }: Stage, report: Report): Promise<void> {
    report.doing('starting both; one logs in with two roles in turn, the older one with one');
    await pharmacy.open();
    report.changed('both are served by the secrets as they are now, and under load from here on');
    const token = await pharmacy.login();
    prove(await pharmacy.accepts(token), 'both instances accept a token of one of them');
    report.proof(`a token verifies, signed by key ${kidOfToken(token)}`);
  },
};

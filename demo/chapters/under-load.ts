import { prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import { grouped } from '../terminal/progress-bar.ts';
import type { Report } from '../terminal/scene.ts';

/** Fewer would be no load. */
const fewestRequests = 100;

export const underLoad = {
  title: 'The application was in use all the while',

  async run({ pharmacy }: Stage, report: Report): Promise<void> {
    report.doing('no more load');
    const { requests, failures, reasons, logins, kids, endedSessions, askedAgain, p99 } =
      await pharmacy.rest();
    prove(
      failures === 0,
      `no request fails; ${failures} of ${requests} did: ${reasons.join('; ')} (${pharmacy.errorsLogged().join(', ')})`,
    );
    prove(requests >= fewestRequests, `at least ${fewestRequests} requests, not ${requests}`);
    report.proof(
      `0 of ${grouped(requests)} requests failed, 99 % were answered within ${Math.ceil(p99)} ms`,
    );
    if (askedAgain > 0) {
      report.changed(`${askedAgain} were asked twice: the clock jumped while they were under way`);
    }
    report.proof(
      `${grouped(logins)} logins; tokens under ${kids} ${kids === 1 ? 'key' : 'keys'} accepted, ${endedSessions} came to the end of their 30 days`,
    );
  },
};

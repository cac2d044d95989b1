import { prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import { grouped } from '../terminal/progress-bar.ts';
import type { Report } from '../terminal/scene.ts';

/** The last one of all: what ran is ended in order. */
export const ending = {
  title: 'The application ends',

  async run({ pharmacy, application, guard }: Stage, report: Report): Promise<void> {
    report.doing('SIGTERM to both processes');
    const exits = await pharmacy.end();
    prove(
      exits.every((code) => code === 0),
      `both processes ended with 0, not ${exits.join(', ')}`,
    );
    // The values of now hold every key of before that was not destroyed.
    await application.watchValues();
    const before = guard.withheld;
    const lines = pharmacy.linesWritten();
    prove(guard.withheld === before, 'no line that the application wrote holds a value');
    report.proof(`both ended in order; of ${grouped(lines)} lines they wrote none holds a value`);
  },
};

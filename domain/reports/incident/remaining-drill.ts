/** What is left to be done after a drill: what would have kept an emergency from going through. */
import type { Remaining } from '../../events/incident-report.ts';
import type { Told } from './build.ts';
import * as commands from './commands.ts';

export function afterDrill({ facts, secrets, problems, readers }: Told): Remaining[] {
  const { emergency, manifest } = facts;
  const byHand = secrets.filter(({ standing }) => standing === 'person');
  return [
    {
      id: 'findings',
      words: 'What the drill found is mended, and practised again',
      state: problems.length === 0 ? 'done' : 'open',
      because: problems.length === 0 ? ['Nothing was found'] : [...problems],
      ...(problems.length > 0 && { who: 'on-call' }),
      commands: problems.length === 0 ? [] : [commands.drillAgain(emergency.exposed, manifest)],
    },
    ...byHand.map(
      ({ key, reason }): Remaining => ({
        id: 'byHand',
        words: `Somebody knows how ${key} is changed at once: an emergency cannot`,
        state: 'open',
        because: reason === undefined ? [] : [reason],
        who: 'its owners',
        commands: [],
      }),
    ),
    {
      id: 'accessAudit',
      words: 'The reads of secrets can be looked up wherever they happen',
      state: readers.whole ? 'done' : 'open',
      because: [readers.words],
      ...(!readers.whole && { who: 'infra team' }),
      commands: [],
    },
  ];
}

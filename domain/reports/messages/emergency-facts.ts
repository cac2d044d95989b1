/** What the event of an emergency gives the texts to say. */
import type { EmergencyEvent } from '../../events/emergency.ts';

type Time = (instant: string | undefined) => string | undefined;
type Words = Readonly<Record<string, string | undefined>>;

/** @param kinds of the secrets of this event */
export function emergencyFacts(
  event: EmergencyEvent,
  kinds: readonly string[],
  time: Time,
): [Words, Readonly<Record<string, boolean>>] {
  const { secrets, startedAt, endedAt, deadAt, unknownReaders, unknownReadersOfNew } = event;
  const keys = (is: (secret: EmergencyEvent['secrets'][number]) => boolean) =>
    listed(secrets.filter(is).map(({ key }) => key));
  const notDone: readonly (string | undefined)[] = ['waiting', 'asked', 'failed'];
  return [
    {
      mark: event.drill ? 'DRILL' : undefined,
      emergency: event.emergency,
      requestedBy: event.requestedBy,
      reason: event.reason,
      exposed: keys(({ exposed }) => exposed),
      others: keys(
        (secret) => !secret.exposed && (secret.state === undefined || isChanged(secret)),
      ),
      changed: keys(isChanged),
      person: keys(({ state }) => state === 'person'),
      failed: keys(({ state }) => notDone.includes(state)),
      failedStages: listed(event.failedStages ?? []),
      startedAt: time(startedAt),
      endedAt: time(endedAt),
      minutes: minutesFrom(startedAt, endedAt),
      deadAt: time(deadAt),
      deadMinutes: minutesFrom(startedAt, deadAt),
      unknownReaders: some(unknownReaders),
      unknownReadersOfNew: some(unknownReadersOfNew),
      report: event.report,
      findings: some(event.findings),
      deadWithin: minutes(event.expected?.deadWithinSeconds),
      overWithin: minutes(event.expected?.overWithinSeconds),
    },
    {
      drill: event.drill,
      unattended: event.unattended,
      dead: deadAt !== undefined,
      // One whose stages are all done leaves what is not proven to people.
      goesOn: event.phase === 'incomplete',
      signsOut: !event.drill && kinds.includes('jwt'),
      readAgain: (unknownReadersOfNew ?? 0) > 0,
      readersUnknown: unknownReaders === undefined,
      noUnknownReaders: unknownReaders === 0,
      passed: event.phase === 'closed' && (event.findings ?? 0) === 0,
    },
  ];
}

/** At the end of an emergency: it has a new value. */
export const isChanged = ({ state }: Pick<EmergencyEvent['secrets'][number], 'state'>): boolean =>
  state === 'promoted' || state === 'proven';

const listed = (words: readonly string[]): string | undefined =>
  words.length === 0 ? undefined : words.join(', ');
const some = (count: number | undefined): string | undefined =>
  count === undefined || count === 0 ? undefined : String(count);
const minutes = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : String(Math.max(1, Math.ceil(seconds / 60)));
const minutesFrom = (from: string, to: string | undefined): string | undefined =>
  minutes(to === undefined ? undefined : (Date.parse(to) - Date.parse(from)) / 1000);

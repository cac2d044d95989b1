/** What the leavers could read and did read, for a terminal. */
import type { OffboardedSecret } from '../../domain/reports/offboarding-report.ts';
import { type Column, table, wrap } from '../table.ts';
import type { Found } from './gather.ts';

const what: Record<OffboardedSecret['rotates'], string> = {
  no: '',
  planned: 'rotates',
  emergency: 'rotates as exposed',
  person: 'left to a person',
};

const columns: readonly Column<OffboardedSecret>[] = [
  { title: 'SECRET', cell: ({ key }) => key },
  { title: 'COULD READ', cell: ({ couldRead }) => couldRead },
  {
    title: 'DID READ',
    cell: ({ reads, denied, lastReadAt }) =>
      [
        ...(lastReadAt === undefined
          ? []
          : [`${reads === 1 ? 'once' : `${reads} times, last`} in a look until ${lastReadAt}`]),
        ...(denied > 0 ? [`${denied} refused`] : []),
      ].join(', ') || 'not seen',
  },
  { title: '', cell: ({ rotates }) => what[rotates] },
];

export function renderFound({ secrets, audits, notSeen }: Found, width: number): string[] {
  const because = secrets.filter(({ because: reasons }) => reasons.length > 0);
  const people = secrets.filter(({ reason }) => reason !== undefined);
  return [
    ...table(columns, secrets, width),
    '',
    ...because.flatMap(({ key, because: reasons }) =>
      wrap(`- ${key}: ${reasons.join('; ')}`, width),
    ),
    ...people.flatMap(({ key, reason }) => wrap(`- ${key} is left to a person: ${reason}`, width)),
    ...coverage(audits).flatMap((line) => wrap(`- ${line}`, width)),
    'Not seen:',
    ...notSeen.flatMap((line) => wrap(`- ${line}`, width)),
  ];
}

/** From when to when was looked: nothing found is said of that time alone. */
function coverage(audits: Found['audits']): string[] {
  return audits.flatMap(({ principal, audit, problem }) => [
    ...(problem ? [`who read what could not be asked for ${principal}: ${problem.message}`] : []),
    ...(audit?.covered ?? []).map(({ region, source, from, to, problem: why }) =>
      from === undefined
        ? `reads in ${region} could not be looked at: ${why ?? 'not known why'}`
        : `reads by ${principal} in ${region}: looked at from ${from} to ${to ?? 'now'} (${source === 'athena' ? 'the trail' : 'event history'})${why === undefined ? '' : `; ${why}`}`,
    ),
    ...(audit?.notes ?? []),
  ]);
}

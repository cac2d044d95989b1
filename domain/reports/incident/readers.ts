/** Who read the secrets, as a sentence that says how far the look went. It never says that nobody did. */
import type { AccessAudit, Reader } from '../../events/access-audit.ts';
import type { IncidentReport } from '../../events/incident-report.ts';
import { minute } from '../deployment/words.ts';
import { plural } from './words.ts';

type Readers = IncidentReport['readers'];

export function readersOf(audit: AccessAudit | { readonly missing: string }): Readers {
  if ('missing' in audit) {
    return {
      words: `Who read the secrets is not known: ${audit.missing.replace(/\.$/, '')}.`,
      whole: false,
    };
  }
  const looked = audit.covered.some(({ from }) => from !== undefined);
  const reach = audit.covered.map(coverage).join('; ');
  if (!looked) {
    return {
      words: `Who read the secrets is not known: nothing of the trail could be looked at (${reach}).`,
      whole: false,
      audit,
    };
  }
  const unknown = audit.readers.filter(isUnknown);
  const read = unknown.filter(hasRead);
  const counts = {
    unknown: read.length,
    refused: unknown.length - read.length,
    unknownOfNew: unknown.filter(({ readNew }) => readNew).length,
  };
  return { words: sentences(audit, counts, reach), ...counts, whole: isWhole(audit), audit };
}

function sentences(
  audit: AccessAudit,
  { unknown, refused, unknownOfNew }: { unknown: number; refused: number; unknownOfNew: number },
  reach: string,
): string {
  const lookedAt = `the part of the trail that was looked at (${reach})`;
  const verb = (count: number, one: string, many: string) => (count === 1 ? one : many);
  return [
    unknown === 0
      ? audit.moreReaders === 0
        ? `No read by a principal that is not declared is in ${lookedAt}.`
        : `None of those that are listed is a read by a principal that is not declared, in ${lookedAt}.`
      : `${plural(unknown, 'principal')} that ${verb(unknown, 'is', 'are')} not declared read them, in ${lookedAt}.`,
    refused === 0
      ? undefined
      : `${plural(refused, 'principal')} that ${verb(refused, 'is', 'are')} not declared tried, and ${verb(refused, 'was', 'were')} refused.`,
    unknownOfNew === 0
      ? undefined
      : `${plural(unknownOfNew, 'principal')} that ${verb(unknownOfNew, 'is', 'are')} not declared read what came with this emergency.`,
    audit.moreReaders === 0
      ? undefined
      : `${plural(audit.moreReaders, 'more reader')} did not fit into the list.`,
    'Reads of copies leave no trace there.',
  ]
    .filter((one) => one !== undefined)
    .join(' ');
}

export const isUnknown = ({ standing }: Reader): boolean => standing === 'unknown';

/** A decryption for it is a read, even where the read itself lies beyond what was looked at. */
export const hasRead = ({ secrets }: Reader): boolean =>
  secrets.some(({ reads, versions }) => reads > 0 || versions.length > 0);

export const readsOf = ({ secrets }: Reader): number =>
  secrets.reduce((sum, { reads }) => sum + reads, 0);
export const deniedOf = ({ secrets }: Reader): number =>
  secrets.reduce((sum, { denied }) => sum + denied, 0);

const sources = {
  athena: 'the trail’s bucket, by Athena',
  lookupEvents: 'event by event',
} as const;

/** `eu-west-1 from … to …, event by event`. */
export function coverage({
  region,
  source,
  from,
  to,
  problem,
}: AccessAudit['covered'][number]): string {
  const but = problem === undefined ? '' : `: ${problem.replace(/\.$/, '')}`;
  if (from === undefined || to === undefined) return `${region}: not looked at${but}`;
  return `${region} from ${minute(from)} to ${minute(to)} UTC, ${sources[source]}${but}`;
}

function isWhole({ covered, asked, moreReaders }: AccessAudit): boolean {
  return (
    moreReaders === 0 &&
    covered.every(
      ({ from, to, problem }) =>
        problem === undefined &&
        from !== undefined &&
        to !== undefined &&
        Date.parse(from) <= Date.parse(asked.from) &&
        Date.parse(to) >= Date.parse(asked.to),
    )
  );
}

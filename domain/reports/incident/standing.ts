/** What is known of each old credential: dead only where evidence with a positive control says so. */
import type { EmergencySecretRecord } from '../../events/emergency.ts';
import type { IncidentSecret, Standing } from '../../events/incident-report.ts';
import { isProvenDead } from '../../policy/proven-dead.ts';
import { notProvenReason, placeOf } from './evidence.ts';
import { length, second } from './words.ts';

type Told = Pick<IncidentSecret, 'standing' | 'words' | 'notProven'>;
type Record = Pick<EmergencySecretRecord, 'state' | 'kind' | 'evidence' | 'promotedAt' | 'reason'>;

export interface Circumstances {
  /** How long a reader may go on with what it read. */
  readonly readerCacheSeconds?: number | undefined;
  readonly drill?: boolean;
}

export function standingOf(
  record: Record | undefined,
  { readerCacheSeconds = 0, drill = false }: Circumstances = {},
): Told {
  if (record === undefined) {
    return { standing: 'notTouched', words: 'Not part of this emergency.', notProven: [] };
  }
  const { state, reason, promotedAt } = record;
  const why = reason === undefined ? '' : ` ${sentence(reason)}`;
  if (state === 'person') {
    return { standing: 'person', words: `Nothing here can change it.${why}`, notProven: [] };
  }
  if (state === 'checked') {
    return { standing: 'checked', words: `Looked at, and left as it is.${why}`, notProven: [] };
  }
  if (drill) {
    const words = `An emergency could NOT be sure to replace it as it is.${why}`;
    return { standing: 'checked', words, notProven: [] };
  }
  if (promotedAt === undefined && state !== 'promoted' && state !== 'proven') {
    return {
      standing: 'alive',
      words: `NOT replaced: the old credential is in use, and works.${why}`,
      notProven: [],
    };
  }
  return replaced(record, readerCacheSeconds, why);
}

function replaced(
  { state, kind, evidence, promotedAt }: Record,
  readerCacheSeconds: number,
  why: string,
): Told {
  if (state === 'proven' && isProvenDead(evidence))
    return proven(kind, evidence, promotedAt, readerCacheSeconds);
  const places = evidence
    .filter(({ fact }) => fact === 'oldCredentialNotProvenDead')
    .map(({ detail = {} }) => ({ where: placeOf(detail), why: notProvenReason(detail.reason) }));
  const notProven =
    places.length > 0
      ? places
      : [{ where: 'everywhere', why: 'nothing was found that shows it is refused' }];
  const told = notProven.map((one) => `${one.where}: ${one.why}`).join('; ');
  return {
    standing: 'notProven',
    words: `Replaced, and the old credential is NOT proven dead. ${sentence(told)}${why}`,
    notProven,
  };
}

function proven(
  kind: Record['kind'],
  evidence: Record['evidence'],
  promotedAt: string | undefined,
  readerCacheSeconds: number,
): Told {
  const facts = new Set(evidence.map(({ fact }) => fact));
  if (kind === 'encryption' && !facts.has('nothingReplaced')) {
    return {
      standing: 'readableOnly',
      words:
        'Nothing is sealed with the old key any more. It goes on opening what it sealed: whoever has it can read every copy of that data, and is stopped by no rotation.',
      notProven: [],
    };
  }
  const cached =
    kind === 'jwt' && readerCacheSeconds > 0 && promotedAt !== undefined
      ? ` A reader that was not restarted may accept its tokens until ${second(
          new Date(Date.parse(promotedAt) + readerCacheSeconds * 1000).toISOString(),
        )} UTC: it may keep what it read for ${length(readerCacheSeconds)}.`
      : '';
  return {
    standing: 'dead',
    words: facts.has('nothingReplaced')
      ? 'It had no value before.'
      : kind === 'jwt'
        ? `Every signing key from before is revoked in the value, read back.${cached}`
        : 'Replaced, and the old credential is dead: refused wherever it was tried, while the new one was accepted there.',
    notProven: [],
  };
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const settled: ReadonlySet<Standing> = new Set<Standing>(['dead', 'readableOnly']);

/**
 * When the last exposed credential was dead, or could only read.
 * @returns undefined: one of them is not
 */
export function deadAt(
  secrets: readonly (Record & Pick<EmergencySecretRecord, 'exposed' | 'provenAt'>)[],
): string | undefined {
  const exposed = secrets.filter((secret) => secret.exposed);
  if (exposed.some((secret) => !settled.has(standingOf(secret).standing))) return undefined;
  return exposed
    .flatMap(({ provenAt }) => provenAt ?? [])
    .sort()
    .at(-1);
}

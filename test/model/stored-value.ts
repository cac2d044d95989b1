/** A new value in the reference model: what CreateSecret, PutSecretValue and UpdateSecret have in common. */
import { CURRENT, PENDING, PREVIOUS } from './requests.ts';
import { copyOf, droppable, held, moved, type Secret, tooManyLabels } from './secret-state.ts';

interface Put {
  token: string;
  value?: string;
  stages?: readonly string[];
  now: number;
}

/** The states it may end in, or its refusal. */
export function stored(s: Secret, put: Put): (Secret | { error: string })[] {
  const { stages = [CURRENT] } = put;
  const versions = Object.values(s.versions);
  if (versions.some(({ value }) => value !== undefined) || stages.includes(CURRENT)) {
    return labelled(s, put, stages);
  }
  // "If this operation creates the first version for the secret, then Secrets Manager automatically attaches the
  // staging label AWSCURRENT to it." Nobody says whether AWSPENDING's empty version counts as one.
  const asFirst = labelled(s, put, [...stages, CURRENT]);
  return versions.length === 0 ? asFirst : [...asFirst, ...labelled(s, put, stages)];
}

function labelled(
  s: Secret,
  { token, value = '', now }: Put,
  stages: readonly string[],
): (Secret | { error: string })[] {
  const draft = copyOf(s);
  if (draft.versions[token] === undefined && !madeRoom(draft, now)) {
    return [{ error: 'LimitExceededException' }];
  }
  draft.versions[token] = { labels: [], born: now, ...draft.versions[token], value };
  const wasCurrent = held(s, CURRENT);
  const wasPending = held(s, PENDING);
  // AWSCURRENT first: whether AWSPREVIOUS follows it or stays where it was asked for is decided below.
  for (const stage of [...stages].sort((a) => (a === CURRENT ? -1 : 1))) {
    moved(draft, stage, token);
  }
  const promoted = stages.includes(CURRENT) && wasCurrent !== token;
  // RotationAbandoned: a new version appeared, the pending label is removed (user guide, "CloudTrail entries").
  if (promoted && wasPending !== undefined && wasPending !== token && wasPending !== wasCurrent) {
    delete draft.run;
  }
  const ends: Secret[] = [draft];
  if (promoted && stages.includes(PREVIOUS) && wasCurrent !== undefined) {
    const followed = copyOf(draft);
    moved(followed, PREVIOUS, wasCurrent);
    ends.push(followed);
  }
  if (promoted && wasPending !== undefined && !stages.includes(PENDING)) {
    const stripped = ends.map(copyOf);
    for (const end of stripped) {
      moved(end, PENDING, undefined);
    }
    ends.splice(0, wasPending === token ? 0 : ends.length, ...stripped);
  }
  return ends.map((end) => (tooManyLabels(end) ? { error: 'LimitExceededException' } : end));
}

/** "Secrets Manager keeps 100 of the most recent versions, but it keeps all […] created in the last 24 hours". */
export function madeRoom(draft: Secret, now: number): boolean {
  const versions = Object.entries(draft.versions);
  if (versions.length < 100) {
    return true;
  }
  const [oldest] = versions
    .filter(([, version]) => droppable(version, now))
    .sort(([, a], [, b]) => a.born - b.born);
  if (oldest !== undefined) {
    delete draft.versions[oldest[0]];
  }
  return oldest !== undefined;
}

/**
 * Which consumers have a part in a round of a rollout, and which of them come next. Pure: the configuration and the
 * records in, the next wave out, so that an execution that is resumed goes on where the one before ended.
 *
 *   publish  keysets whose readers hold the whole keyset: who learns by a start is started, everybody else is asked
 *            whether it holds the published key
 *   use      the new value is in use: who learns by a start is started
 *   confirm  nobody is started: whoever can be asked is asked, all at once
 */

export type Round = 'publish' | 'use' | 'confirm';

/** As the manifest tells of it. */
export interface RolledOutConsumer {
  readonly name: string;
  /** Keys of secrets. */
  readonly reads: readonly string[];
  readonly restart?: string | undefined;
  readonly learns?: 'refresh' | 'restart' | undefined;
  readonly health?: string | undefined;
}

export interface RolledOutSecret {
  readonly key: string;
  readonly kind: 'jwt' | 'encryption' | 'database' | 'userManaged';
  readonly readers?: 'keyset' | 'scalar' | undefined;
}

/** Only a start makes it read again, and something can start it. */
export const isStarted = ({ restart, learns }: RolledOutConsumer): boolean =>
  restart !== undefined && (learns ?? 'restart') === 'restart';

const isAsked = ({ health }: RolledOutConsumer): boolean => health !== undefined;

const hasPart: Record<Round, (consumer: RolledOutConsumer, secret: RolledOutSecret) => boolean> = {
  publish: (consumer, { kind, readers }) =>
    (kind === 'jwt' || kind === 'encryption') &&
    readers === 'keyset' &&
    (isStarted(consumer) || isAsked(consumer)),
  use: isStarted,
  confirm: isAsked,
};

export function consumersOf<Consumer extends RolledOutConsumer>(
  round: Round,
  secret: RolledOutSecret,
  consumers: readonly Consumer[],
): readonly Consumer[] {
  return consumers.filter(
    (consumer) => consumer.reads.includes(secret.key) && hasPart[round](consumer, secret),
  );
}

/** How far a consumer has come in a round. */
export interface Progressed {
  readonly round: Round;
  readonly consumer: string;
  readonly state: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface Wave {
  /** To wait before it. */
  readonly pauseSeconds: number;
  readonly consumers: readonly string[];
}

export interface RoundFacts {
  readonly round: Round;
  /** Who has a part in it. */
  readonly consumers: readonly RolledOutConsumer[];
  /** In order; before each but the first, a pause. */
  readonly waves: readonly Wave[];
  /** Of this version. */
  readonly records: readonly Progressed[];
  readonly now: Date;
}

/** @returns undefined when everybody is through */
export function nextWave({ round, consumers, waves, records, now }: RoundFacts): Wave | undefined {
  const through = records.filter((record) => record.round === round && record.state === 'healthy');
  const isThrough = (name: string) => through.some(({ consumer }) => consumer === name);
  const left = (names: readonly string[]) => names.filter((name) => !isThrough(name));
  const names = consumers.map(({ name }) => name);
  if (round === 'confirm') {
    const asked = left(names);
    return asked.length === 0 ? undefined : { pauseSeconds: 0, consumers: asked };
  }
  const started = new Set(consumers.filter(isStarted).map(({ name }) => name));
  let pauseSeconds = 0;
  let wasStarted = false;
  for (const wave of waves) {
    // A wave in which nobody reads this secret leaves its pause to the next: the canary's is for whoever comes next.
    if (wasStarted) pauseSeconds = Math.max(pauseSeconds, wave.pauseSeconds);
    const members = wave.consumers.filter((name) => names.includes(name));
    const starts = members.some((name) => started.has(name));
    const missing = left(members);
    if (missing.length > 0) {
      // Only a start is something to wait after, and to wait with; a wave that was begun goes on.
      const waits = starts && missing.length === members.length;
      return {
        pauseSeconds: waits ? notGone(pauseSeconds, through, now) : 0,
        consumers: missing,
      };
    }
    if (starts) {
      wasStarted = true;
      pauseSeconds = 0;
    }
  }
  return undefined;
}

/** What has gone by since the last consumer was through counts: an execution that is resumed does not wait again. */
function notGone(seconds: number, through: readonly Progressed[], now: Date): number {
  const last = Math.max(0, ...through.map(({ at }) => new Date(at).getTime()));
  const gone = Math.max(0, Math.floor((now.getTime() - last) / 1000));
  return Math.max(0, seconds - gone);
}

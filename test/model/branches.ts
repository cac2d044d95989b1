/**
 * Every state the secret may be in. An answer that was lost keeps both: what was asked for was done, or it was not;
 * a later answer prunes what it contradicts. When none is left, the service (or the model) is wrong.
 * @see https://github.com/etcd-io/etcd/blob/main/tests/robustness/README.md, whose model does the same
 */
import { type Answer, canonical, type Request } from './requests.ts';
import { outcomes } from './secret-labels.ts';
import { absent, droppable, type Outcome, type Secret } from './secret-state.ts';

export class DifferenceError extends Error {
  override readonly name = 'DifferenceError';
}

export class Branches {
  readonly #now: () => number;
  #states: readonly Secret[] = [absent];

  /** @param now the clock of the service, milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  get states(): readonly Secret[] {
    return this.#states;
  }

  /** @throws DifferenceError when no state explains the answer */
  answered(request: Request, answer: Answer): void {
    const seen = canonical(answer);
    const possible = this.states.flatMap((s) => expected(s, request, this.#now(), answer));
    const fitting = possible.filter((outcome) => canonical(outcome.answer) === seen);
    if (fitting.length === 0) {
      const told = [...new Set(possible.map((outcome) => canonical(outcome.answer)))];
      throw new DifferenceError(
        `${canonical(request)}\n  was answered ${seen}\n  expected     ${told.join('\n            or ')}`,
      );
    }
    this.#states = distinct(fitting.map(({ after }) => after));
  }

  /** Its answer never came: it was done, or it was not. */
  lost(request: Request): void {
    const done = this.states.flatMap((s) => expected(s, request, this.#now()));
    this.#states = distinct([...this.states, ...done.map(({ after }) => after)]);
  }

  /** It was done, and nobody heard the answer. */
  done(request: Request): void {
    const done = this.states.flatMap((s) => expected(s, request, this.#now()));
    this.#states = distinct(done.map(({ after }) => after));
  }

  /** What the service did by itself. @throws DifferenceError when no state allows it */
  happened(what: string, next: (s: Secret) => readonly Secret[]): void {
    const states = this.states.flatMap((s) => next(s));
    if (states.length === 0) {
      throw new DifferenceError(`${what}\n  in ${this.states.map(canonical).join('\n  or ')}`);
    }
    this.#states = distinct(states);
  }
}

/** The outcomes, also for what the service may have deleted before: a secret, or old deprecated versions asked for. */
export function expected(s: Secret, request: Request, now: number, answer?: Answer): Outcome[] {
  const gone = s.due !== undefined && s.due <= now ? outcomes(absent, request, now) : [];
  return [...gone, ...expectedOfVersions(s, request, now, answer)];
}

function expectedOfVersions(s: Secret, request: Request, now: number, answer?: Answer): Outcome[] {
  const mayBeGone = Object.entries(s.versions)
    .filter(([, version]) => droppable(version, now))
    .map(([id]) => id);
  if (mayBeGone.length === 0) {
    return outcomes(s, request, now);
  }
  const found = answer !== undefined && 'ok' in answer ? (answer.ok as object) : undefined;
  if (request.op === 'list') {
    const gone = mayBeGone.filter((id) => request.deprecated && found && !(id in found));
    return outcomes(without(s, gone), request, now);
  }
  const named = new Set(Object.values(request).filter((value) => typeof value === 'string'));
  const gone = mayBeGone.filter((id) => named.has(id));
  return gone.length === 0
    ? outcomes(s, request, now)
    : [...outcomes(s, request, now), ...outcomes(without(s, gone), request, now)];
}

function without(s: Secret, ids: readonly string[]): Secret {
  const kept = Object.entries(s.versions).filter(([id]) => !ids.includes(id));
  return { ...s, versions: Object.fromEntries(kept) };
}

const distinct = (states: readonly Secret[]): readonly Secret[] =>
  states.length === 1 ? states : [...new Map(states.map((s) => [canonical(s), s])).values()];

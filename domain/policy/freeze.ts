/** Times in which nothing is rotated by schedule, and what they leave. */
import { isInside, nextOpening, type Window } from './window.ts';

/** `from` up to, not including, `until`: instants with an offset. */
export interface Freeze {
  readonly from: string;
  readonly until: string;
  readonly reason: string;
}

export interface Openings {
  /** Absent: at any time. */
  readonly window?: Window | undefined;
  readonly freezes: readonly Freeze[];
}

/** The schedule looks once an hour; so much of an opening is left that a look falls into it. */
const room = 59 * 60_000;

/** The freeze that stands at an instant, of several the one that ends last. An unreadable instant freezes. */
export function freezeAt(freezes: readonly Freeze[], at: number): Freeze | undefined {
  return freezes
    .filter(({ from, until }) => !(at < Date.parse(from)) && !(at >= Date.parse(until)))
    .toSorted((a, b) => Date.parse(b.until) - Date.parse(a.until))[0];
}

export function isOpen({ window, freezes }: Openings, at: Date): boolean {
  return (
    (window === undefined || isInside(window, at)) && freezeAt(freezes, at.getTime()) === undefined
  );
}

/** The first instant from `at` on at which a rotation may start by schedule, with room for the hourly look. */
export function firstOpening({ window, freezes }: Openings, at: Date): Date | undefined {
  let instant = at.getTime();
  // Each round leaves a freeze or the rest of a window behind.
  for (let round = 0; round < 1_000 && Number.isFinite(instant); round++) {
    const opened =
      window === undefined ? instant : nextOpening(window, new Date(instant)).getTime();
    const frozen = freezeAt(freezes, opened) ?? freezeAt(freezes, opened + room);
    if (frozen !== undefined) {
      instant = Date.parse(frozen.until);
    } else if (window !== undefined && !isInside(window, new Date(opened + room))) {
      instant = opened + room;
    } else {
      return new Date(opened);
    }
  }
  return undefined;
}

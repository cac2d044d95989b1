/**
 * Pauses between looks at one secret. All of them are in one Map, whose events are the execution's: 25,000 at most
 * (Step Functions guide, "Quotas"), and a look with its wait makes ten.
 */

/** Of the Maps together; the other loops and the ways in and out need the rest. */
const eventsOfLooks = 12_000;
const eventsOfLook = 10;
/** The way to promotion, and from there to the proof. */
const loops = 2;

const soonSeconds = 2;

/** Looks that one secret has in one loop. */
export const mostLooks = (among: number): number =>
  Math.max(12, Math.min(300, Math.floor(eventsOfLooks / (loops * eventsOfLook * among))));

/**
 * Looks are close together at first, because most rotations take seconds, and far apart at the end.
 * @param look from 0 @param among secrets @param withinSeconds the last look is at that time, or later
 */
export function pauseBefore(look: number, among: number, withinSeconds: number): number {
  const most = mostLooks(among);
  const at = (n: number) => withinSeconds * (Math.min(n, most) / most) ** 3;
  return most * soonSeconds >= withinSeconds
    ? soonSeconds
    : Math.max(soonSeconds, Math.ceil(at(look + 1) - at(look)));
}

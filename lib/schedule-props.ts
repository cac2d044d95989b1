/** Props of when rotations by schedule may start. */

/** When rotations by schedule may start. */
export interface WindowProps {
  /**
   * Days on which it opens.
   *
   * @default - every day
   */
  readonly days?: readonly ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[];

  /** When it opens, by the clock of the time zone, such as `02:00`. */
  readonly from: string;

  /** When it closes, 2 hours later or more; not later than `from`: on the next day. */
  readonly to: string;

  /**
   * Name of the time zone in the IANA database, such as `Europe/Berlin`.
   *
   * @default Etc/UTC
   */
  readonly timeZone?: string;
}

/** A time in which nothing is rotated by schedule. */
export interface FreezeProps {
  /** Its beginning, an instant with its offset such as `2026-12-18T00:00:00+01:00`. */
  readonly from: string;

  /** Its end, likewise. */
  readonly until: string;

  /** What it is for; told to whoever it keeps waiting. */
  readonly reason: string;
}

/** When the schedule rotates, and how long before it says so. */
export interface ScheduleProps {
  /**
   * Rotations by schedule start only inside of it.
   *
   * @default - at any time
   */
  readonly window?: WindowProps;

  /**
   * How long before a planned rotation it is announced, such as `2h`; 3 days at most.
   *
   * @default 2h
   */
  readonly notice?: string;

  /**
   * Times in which nothing is rotated by schedule.
   *
   * @default []
   */
  readonly freezes?: readonly FreezeProps[];
}

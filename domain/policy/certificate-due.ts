/** When somebody has to hear of a certificate: pure, from what was read, what was told, and now. */

/** Days before its end at which people are reminded, the earliest first. */
export const reminderDays = [30, 14, 7, 1] as const;

/** `in30` … `in1`: that many days are left, or fewer. */
export type CertificateStage = `in${(typeof reminderDays)[number]}` | 'ended';

/** What was told of the end of one certificate. A renewed one has another identity, and starts over. */
export interface ToldOfEnd {
  readonly identity: string;
  readonly stage: CertificateStage;
  /** UTC; an ended one is told once a day. */
  readonly day: string;
}

export class CertificateDateError extends Error {
  override readonly name = 'CertificateDateError';
  readonly code = 'ERR_ROTATION_CERTIFICATE_DATE';
  constructor(which: string) {
    super(
      `${which} is no instant; expected one. Nothing is decided by it: an unreadable date is an error, never "not due".`,
    );
  }
}

const day = 86_400_000;

/**
 * Whole days that are left, rounded down: 0 on the last one, -1 as soon as it has ended.
 * @throws CertificateDateError
 */
export const daysLeft = (notAfter: Date, now: Date): number =>
  Math.floor((instantOf(notAfter, 'the end') - instantOf(now, 'now')) / day);

/**
 * The most urgent stage that is reached; undefined: more than 30 days are left. RFC 5280 (4.1.2.5) counts the second of
 * `notAfter` as valid; here it counts as over, a second early.
 * @throws CertificateDateError
 */
export function stageOf(notAfter: Date, now: Date): CertificateStage | undefined {
  const left = instantOf(notAfter, 'the end') - instantOf(now, 'now');
  if (left <= 0) return 'ended';
  const days = reminderDays.findLast((threshold) => left <= threshold * day);
  return days === undefined ? undefined : `in${days}`;
}

/** Each threshold once for each certificate, the most urgent alone where several were passed; an ended one daily. */
export function endToTell(
  certificate: { readonly identity: string; readonly notAfter: Date },
  told: ToldOfEnd | undefined,
  now: Date,
): ToldOfEnd | undefined {
  const stage = stageOf(certificate.notAfter, now);
  if (stage === undefined) return undefined;
  const next = { identity: certificate.identity, stage, day: utcDay(now) };
  return supersedes(next, told) ? next : undefined;
}

/** Is this news after what stands? Asked again where it is written: of two at once, one tells. */
export function supersedes(next: ToldOfEnd, told: ToldOfEnd | undefined): boolean {
  if (told === undefined || told.identity !== next.identity) return true;
  // A clock that was set back brings no stage again.
  if (next.stage === 'ended') return told.stage !== 'ended' || told.day < next.day;
  return told.stage !== 'ended' && thresholdOf(next.stage) < thresholdOf(told.stage);
}

/** What is wrong is told once a day, and at once when it is something else. */
export function problemToTell(
  problem: string,
  told: { readonly day: string; readonly problem: string } | undefined,
  now: Date,
): { readonly day: string; readonly problem: string } | undefined {
  const today = utcDay(now);
  if (told !== undefined && told.day >= today && told.problem === problem) return undefined;
  return { day: today, problem };
}

/** @throws CertificateDateError */
export const utcDay = (now: Date): string =>
  new Date(instantOf(now, 'now')).toISOString().slice(0, 10);

const thresholdOf = (stage: Exclude<CertificateStage, 'ended'>): number => Number(stage.slice(2));

function instantOf(date: Date, which: string): number {
  const time = date.getTime();
  if (Number.isNaN(time)) throw new CertificateDateError(which);
  return time;
}

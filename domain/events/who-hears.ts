/**
 * Who is told what: the one table of it. `docs/notifications.md` prints it, `lambdas/notify` obeys it, and the
 * deployment checks texts of its own against the words.
 */
export const hearers = ['on-call', 'security', 'support', 'product'] as const;
export type Hearer = (typeof hearers)[number];

export interface NewsRule {
  /** In a few words, for the table. */
  readonly what: string;
  readonly tells: readonly Hearer[];
  /** Told besides when the people who use the application may notice. */
  readonly whenUsersMayNotice?: readonly Hearer[];
  /** What its texts may say besides `commonWords`: `{{word}}`. */
  readonly words: readonly string[];
  /** What its texts may ask besides `kinds`: `{{if flag}}`, `{{unless flag}}`. */
  readonly flags: readonly string[];
}

/** Known of everything that is told. Of a certificate: its source is the `secret`. */
export const commonWords = ['application', 'environment', 'secret', 'key', 'at'] as const;
export const kinds = ['jwt', 'encryption', 'database', 'userManaged'] as const;

const asked = ['versionId', 'requestedBy', 'reason'];
const ended = [...asked, 'primary', 'replaced', 'startedAt', 'endedAt', 'minutes', 'evidence'];
const rows = ['targetKid', 'columns', 'rewritten', 'findings', 'job'];

const triggered = ['trigger', 'by', 'requestId', 'person', 'reason', 'done', 'open', 'commands'];

const begun = ['mark', 'emergency', 'requestedBy', 'reason', 'exposed', 'others', 'startedAt'];
const emergencyEnded = [
  ...begun,
  'endedAt',
  'minutes',
  'deadAt',
  'deadMinutes',
  'changed',
  'person',
  'failed',
  'failedStages',
  'unknownReaders',
  'unknownReadersOfNew',
  'report',
];

const emergencyFlags = ['signsOut', 'unattended', 'readersUnknown', 'noUnknownReaders'];

const everybody = hearers;
const toActOn = ['on-call', 'security'] as const;

/**
 * In an emergency only security is told until what leaked is proven dead: whoever holds it may read the other
 * channels. On-call hears what fails through its alarms meanwhile; where an emergency ends before that, its text for
 * on-call says that something needs a person, and not why.
 */
export const news = {
  planned: {
    what: 'the schedule will rotate a secret; sent the notice period before, two hours unless configured',
    tells: ['support', 'product'],
    words: ['plannedAt', 'limitAt', 'minutes'],
    flags: ['signsOut', 'maintenance'],
  },
  started: {
    what: 'a rotation or a rollback has begun',
    tells: ['support'],
    words: [...asked, 'minutes'],
    flags: ['signsOut', 'maintenance', 'rollback'],
  },
  'started-backstop': {
    what: 'Secrets Manager’s own rule has probably begun a rotation, because the schedule had not',
    tells: ['on-call', 'support'],
    words: [...asked, 'minutes'],
    flags: ['signsOut', 'maintenance'],
  },
  'started-emergency': {
    what: 'an emergency rotation has begun',
    tells: ['security'],
    words: asked,
    flags: ['signsOut'],
  },
  'first-value': {
    what: 'a new secret has its first value',
    tells: ['security'],
    words: ended,
    flags: ['signsOut', 'attributed'],
  },
  done: {
    what: 'a rotation and everything that follows it is done',
    tells: ['security', 'support', 'product'],
    words: ended,
    flags: ['signsOut', 'attributed'],
  },
  'rolled-back': {
    what: 'the earlier value is in use again',
    tells: everybody,
    words: ended,
    flags: ['signsOut', 'attributed'],
  },
  'emergency-over': {
    what: 'an emergency rotation that belongs to no emergency of several stages is done, and the old value is proven dead',
    tells: everybody,
    words: ended,
    flags: ['signsOut', 'attributed'],
  },
  'emergency-replaced': {
    what: 'an emergency rotation is done: it is part of an emergency that is not over, or its old value is not proven dead',
    tells: ['security'],
    words: [...ended, 'emergency'],
    flags: ['signsOut', 'attributed', 'notProven'],
  },
  'emergency-begun': {
    what: 'an emergency has begun, or a drill of one',
    tells: ['security'],
    words: begun,
    flags: ['drill', 'unattended', 'signsOut'],
  },
  'emergency-closed': {
    what: 'an emergency is over: every stage is done, and the exposed credentials are dead',
    tells: everybody,
    words: emergencyEnded,
    flags: emergencyFlags,
  },
  'emergency-incomplete': {
    what: 'an emergency has ended, and a stage failed or a credential is not proven dead',
    tells: toActOn,
    words: emergencyEnded,
    flags: [...emergencyFlags, 'dead', 'readAgain', 'goesOn'],
  },
  'emergency-reopened': {
    what: 'an emergency is over, and somebody whom nobody declared has read what came with it',
    tells: ['security'],
    words: emergencyEnded,
    flags: emergencyFlags,
  },
  'emergency-drilled': {
    what: 'a drill of an emergency has ended',
    tells: toActOn,
    words: [...emergencyEnded, 'findings', 'deadWithin', 'overWithin'],
    flags: ['passed'],
  },
  failed: {
    what: 'a rotation failed before the new value came into use, or does not end',
    tells: toActOn,
    whenUsersMayNotice: ['support'],
    words: ['versionId', 'since', 'step', 'code', 'message', 'failedAt'],
    flags: ['loginWorks', 'loginRestored', 'loginPending', 'lockedOut', 'loginUnknown'],
  },
  stopped: {
    what: 'the new value is in use, and what follows the rotation has stopped',
    tells: toActOn,
    whenUsersMayNotice: ['support'],
    words: ['versionId', 'reason', 'execution'],
    flags: ['signsOut'],
  },
  'rolling-back': {
    what: 'a consumer that worked before does not with the new value: the earlier one comes back by itself',
    tells: ['on-call', 'security', 'support'],
    words: ['versionId', 'reason', 'rolledBackBy'],
    flags: ['signsOut'],
  },
  'failed-emergency': {
    what: 'an emergency rotation failed or stopped',
    tells: ['security'],
    words: ['versionId', 'reason'],
    flags: ['loginWorks', 'loginRestored', 'loginPending', 'lockedOut', 'loginUnknown'],
  },
  overdue: {
    what: 'a secret is past its limit, or near it and kept from rotating; once a day',
    tells: toActOn,
    words: ['rotatedAt', 'limitAt', 'reason'],
    flags: [],
  },
  reminder: {
    what: 'a secret that its owners change is older than they wanted it to become',
    tells: toActOn,
    words: ['purpose', 'changedAt', 'ageDays', 'remindDays'],
    flags: [],
  },
  certificate: {
    what: 'a certificate ends soon, has ended, or cannot be read',
    tells: toActOn,
    words: ['certificate', 'notAfter', 'daysLeft', 'problem'],
    flags: ['ended'],
  },
  exposure: {
    what: 'an exposure was reported: what was done at once, and what needs a person',
    tells: ['security'],
    words: triggered,
    flags: ['needsPerson'],
  },
  'trigger-refused': {
    what: 'a trigger was refused: forged, sent again, not understood, or too soon after another; once an hour for each reason',
    tells: ['security'],
    words: [...triggered, 'code', 'message'],
    flags: [],
  },
  'trigger-open': {
    what: 'somebody left or a deployment waits, and some secrets still cannot be rotated, or only by a person',
    tells: toActOn,
    words: triggered,
    flags: ['needsPerson'],
  },
  'unmanaged-write': {
    what: 'a secret was written, or its label moved, outside of a rotation',
    tells: ['security'],
    words: ['versionId'],
    flags: [],
  },
  'rows-moved': {
    what: 'every row is under the new encryption key, and it is proven',
    tells: ['security'],
    whenUsersMayNotice: ['support', 'product'],
    words: rows,
    flags: ['maintenance'],
  },
  'rows-unproven': {
    what: 'every row was rewritten, and somebody has to vouch for the rest',
    tells: toActOn,
    words: rows,
    flags: ['maintenance'],
  },
  'rows-stopped': {
    what: 'the re-encryption of rows has stopped',
    tells: toActOn,
    whenUsersMayNotice: ['support'],
    words: rows,
    flags: ['maintenance'],
  },
} as const satisfies Readonly<Record<string, NewsRule>>;

export type News = keyof typeof news;
export const allNews = Object.keys(news) as readonly News[];

export const ruleOf = (item: News): NewsRule => news[item];

/** @returns in the order of `hearers` */
export function whoHears(item: News, usersMayNotice: boolean): readonly Hearer[] {
  const { tells, whenUsersMayNotice = [] } = ruleOf(item);
  const told = [...tells, ...(usersMayNotice ? whenUsersMayNotice : [])];
  return hearers.filter((hearer) => told.includes(hearer));
}

/** Everybody who may ever be told: there is a text for each. */
export const mayHear = (item: News): readonly Hearer[] => whoHears(item, true);

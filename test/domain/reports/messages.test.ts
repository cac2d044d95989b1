/** What people read: every message as text, for every audience and event. */
import { describe, expect, test } from '@jest/globals';
import type { Announced } from '../../../domain/events/announced.ts';
import type { RotationAuditEvent } from '../../../domain/events/audit-event.ts';
import type { EmergencyEvent } from '../../../domain/events/emergency.ts';
import {
  parseTemplate,
  templateNames,
  templateProblems,
} from '../../../domain/events/message-template.ts';
import {
  allNews,
  commonWords,
  hearers,
  kinds,
  mayHear,
  ruleOf,
  whoHears,
} from '../../../domain/events/who-hears.ts';
import { builtInTexts } from '../../../domain/reports/messages/built-in-texts.ts';
import { factsOf } from '../../../domain/reports/messages/facts.ts';
import { chatNotification, messagesFor } from '../../../domain/reports/messages/messages-for.ts';
import {
  type Background,
  newsOf,
  usersMayNotice,
} from '../../../domain/reports/messages/news-of.ts';
import { expectDocument } from '../../document.ts';
import * as events from '../events/announced-events.ts';

const {
  planned,
  started,
  failed,
  rotated,
  rowsMoved,
  unmanaged,
  overdue,
  reminder,
  certificate,
  triggered,
  emergency,
} = events;
const background: Background = {
  application: 'pharmacy',
  environment: 'prod',
  timeZone: 'Europe/Berlin',
  key: 'jwt',
  signsOut: false,
  maintenance: false,
  behindProxy: false,
  readerCacheSeconds: 300,
};

const ofEmergency = { key: 'emergency', kinds: ['jwt', 'userManaged'] };
const begun = {
  ...emergency,
  phase: 'begun',
  secrets: emergency.secrets.map(({ key, name, exposed }) => ({ key, name, exposed })),
  endedAt: undefined,
  deadAt: undefined,
  unknownReaders: undefined,
  unknownReadersOfNew: undefined,
  report: undefined,
} as EmergencyEvent;
const notDead = ({ deadAt: _, ...event }: EmergencyEvent): EmergencyEvent => ({
  ...event,
  secrets: event.secrets.map((secret) =>
    secret.exposed ? { ...secret, state: 'failed' } : secret,
  ),
});
const revoked = (event: RotationAuditEvent): RotationAuditEvent => ({
  ...event,
  afterRotation: {
    ...event.afterRotation,
    evidence: [{ fact: 'oldKeysRevoked', detail: { count: 1, kids: '9f2c41aa07be63d1' } }],
  },
});
const notProvenDead = (event: RotationAuditEvent): RotationAuditEvent => ({
  ...event,
  afterRotation: {
    ...event.afterRotation,
    evidence: [
      { fact: 'oldCredentialNotProvenDead', detail: { role: 'app_a', reason: 'sessionsLeft' } },
    ],
  },
});

/** Every news there is, as often as its texts differ. */
const cases: Record<string, [Announced, Partial<Background>?]> = {
  'planned, sessions stay': [planned],
  'planned, everybody is signed out': [{ ...planned, logsEveryoneOut: true }],
  'planned, in maintenance mode': [
    { ...planned, kind: 'encryption', secret: rowsMoved.secret },
    { key: 'pii', maintenance: true },
  ],
  'started, a database': [{ ...started, kind: 'database', secret: failed.secret }, { key: 'db' }],
  'started, a user-managed secret': [
    { ...started, kind: 'userManaged', secret: reminder.secret, requestedBy: 'inbox' },
    { key: 'anthropic' },
  ],
  'started, a rollback': [{ ...started, intent: 'rollback' }],
  'started, by Secrets Manager’s own rule': [
    { ...started, attributed: false, backstopProbably: true, requestedBy: undefined } as Announced,
  ],
  'started, an emergency': [
    { ...started, intent: 'emergency', requestedBy: 'ada', reason: 'in a public repository' },
  ],
  'first value': [{ ...rotated, basedOn: null, material: { primary: '9f2c41aa07be63d1' } }],
  done: [rotated],
  'done, everybody is signed out': [{ ...rotated, logsEveryoneOut: true }],
  'rolled back': [{ ...rotated, intent: 'rollback' }],
  'emergency over': [revoked({ ...rotated, intent: 'emergency', logsEveryoneOut: true })],
  'an emergency rotation that is part of an emergency': [
    revoked({ ...rotated, intent: 'emergency', emergency: emergency.emergency }),
  ],
  'an emergency rotation whose old value is not proven dead': [
    notProvenDead({ ...rotated, intent: 'emergency', kind: 'database', secret: failed.secret }),
    { key: 'db' },
  ],
  'an emergency has begun': [begun, ofEmergency],
  'an emergency has begun, unattended': [
    { ...begun, unattended: true, requestedBy: 'secret scanning' },
    ofEmergency,
  ],
  'a drill has begun': [{ ...begun, drill: true }, ofEmergency],
  'an emergency is over': [emergency, ofEmergency],
  'an emergency is over, and nobody asked the trail': [
    { ...emergency, unknownReaders: undefined } as Announced,
    { key: 'emergency', kinds: ['database'] },
  ],
  'an emergency is over, and the new values were read': [
    { ...emergency, unknownReadersOfNew: 2 },
    ofEmergency,
  ],
  'an emergency is incomplete, and something is not dead': [
    notDead({ ...emergency, phase: 'incomplete', failedStages: ['protect', 'start'] }),
    { key: 'emergency', kinds: [] },
  ],
  'an emergency is incomplete, and everything exposed is dead': [
    { ...emergency, phase: 'incomplete', failedStages: ['accessAudit'], unknownReadersOfNew: 1 },
    ofEmergency,
  ],
  'every stage of an emergency is done, and something is not dead': [
    notDead({ ...emergency, unknownReaders: 0 }),
    ofEmergency,
  ],
  'a drill has passed': [
    {
      ...emergency,
      drill: true,
      findings: 0,
      expected: { deadWithinSeconds: 210, overWithinSeconds: 1500 },
    },
    ofEmergency,
  ],
  'a drill has findings': [
    { ...emergency, drill: true, phase: 'incomplete', findings: 2, failedStages: ['contain'] },
    ofEmergency,
  ],
  'failed, the login works': [failed, { key: 'db' }],
  'failed, the login was restored': [{ ...failed, login: 'restored' }, { key: 'db' }],
  'failed, only the next value logs in': [{ ...failed, login: 'pendingWorks' }, { key: 'db' }],
  'failed, locked out': [{ ...failed, login: 'lockedOut' }, { key: 'db' }],
  'failed, not known whether the login works': [{ ...failed, login: 'unknown' }, { key: 'db' }],
  'failed, an emergency': [{ ...failed, intent: 'emergency', login: 'lockedOut' }, { key: 'db' }],
  stopped: [{ ...rotated, outcome: 'stopped', reason: 'a session that does not end' }],
  'stopped, behind RDS Proxy': [
    {
      ...rotated,
      kind: 'database',
      secret: failed.secret,
      outcome: 'stopped',
      reason: 'ProxyNotReadyError',
    },
    { key: 'db', behindProxy: true },
  ],
  'rolling back': [
    {
      ...rotated,
      outcome: 'stopped',
      reason: 'consumer api: sign-in: 401',
      rolledBackBy: '33333333-3333-4333-8333-333333333333',
      rollouts: [
        {
          ...{ consumer: 'api', round: 'use', outcome: 'unhealthy', reason: 'sign-in: 401' },
          at: rotated.at,
        },
      ],
    },
  ],
  overdue: [overdue, { key: 'db' }],
  reminder: [reminder, { key: 'anthropic' }],
  'certificate, two weeks': [certificate],
  'certificate, ended': [{ ...certificate, notAfter: '2026-05-31T12:00:00.000Z', daysLeft: 0 }],
  'certificate, not readable': [
    {
      ...certificate,
      notAfter: undefined,
      daysLeft: undefined,
      problem: 'the server does not answer',
    } as Announced,
  ],
  'unmanaged write': [unmanaged],
  'an exposure': [triggered],
  'a refused trigger': [
    {
      ...triggered,
      outcome: 'refused',
      refusal: { code: 'ERR_ROTATION_TRIGGER_REPLAYED', message: 'It was sent before.' },
      secrets: [],
    },
  ],
  'a trigger that is open': [
    { ...triggered, trigger: 'offboarding', outcome: 'open', person: 'Ada' },
  ],
  'rows moved': [rowsMoved, { key: 'pii' }],
  'rows moved, in maintenance mode': [{ ...rowsMoved, mode: 'maintenance' }, { key: 'pii' }],
  'rows unproven': [
    { ...rowsMoved, outcome: 'unproven', findings: ['3 rows in quarantine'] },
    { key: 'pii' },
  ],
  'rows stopped, in maintenance mode': [
    { ...rowsMoved, mode: 'maintenance', outcome: 'stopped', findings: ['a lock that never ends'] },
    { key: 'pii', maintenance: true },
  ],
};
const messagesOf = (title: string) => {
  const [event, more] = cases[title] ?? [];
  if (event === undefined) throw new Error(`no case ${title}`);
  return messagesFor(event, { ...background, ...more });
};
const everything = Object.keys(cases).flatMap((title) =>
  messagesOf(title).map((message) => ({ title, ...message })),
);

test('every message reads as it is written down', () => {
  const readers = new Map<string, string[]>();
  for (const { title, hearer, subject, text } of everything) {
    const message = `${title}\n${subject}\n\n${text}`;
    readers.set(message, [...(readers.get(message) ?? []), hearer]);
  }
  const page = [...readers].map(([message, of]) => {
    const [title, ...text] = message.split('\n');
    return `## ${title}: to ${of.join(', ')}\n\n${text.join('\n')}\n`;
  });
  expectDocument('test/domain/reports/messages.golden.md', page.join('\n'));
});

test('in chat every message is the same text, with commands as code', () => {
  for (const { text, chat } of everything) {
    expect(chat).toBe(text.replaceAll(/^ {4}(.*)$/gm, '`$1`'));
  }
  expect(everything.filter(({ chat }) => chat.includes('`npx ')).length).toBeGreaterThan(20);
});

describe('who hears', () => {
  test.each(allNews)('%s: each of its texts is written by a case above', (item) => {
    const told = everything.filter(({ news }) => news === item).map(({ hearer }) => hearer);
    expect(hearers.filter((hearer) => told.includes(hearer))).toEqual(mayHear(item));
  });

  test('of an emergency that is not over: security alone', () => {
    for (const title of ['started, an emergency', 'failed, an emergency']) {
      expect(messagesOf(title).map(({ hearer }) => hearer)).toEqual(['security']);
    }
    const stopped: Announced = { ...rotated, intent: 'emergency', outcome: 'stopped' };
    expect(messagesFor(stopped, background).map(({ hearer }) => hearer)).toEqual(['security']);
    const unread: Announced = { ...rotated, intent: 'emergency' };
    expect(messagesFor(unread, background).map(({ hearer }) => hearer)).toEqual(['security']);
    expect(messagesOf('emergency over').map(({ hearer }) => hearer)).toEqual(hearers);
  });

  test('of an emergency of several stages: security alone until what leaked is dead, and while it is read again', () => {
    const hear = (title: string) => messagesOf(title).map(({ hearer }) => hearer);
    for (const title of [
      'an emergency rotation that is part of an emergency',
      'an emergency rotation whose old value is not proven dead',
      'an emergency has begun',
      'a drill has begun',
      'an emergency is over, and the new values were read',
    ]) {
      expect([title, hear(title)]).toEqual([title, ['security']]);
    }
    expect(hear('an emergency is over')).toEqual(hearers);
    for (const title of [
      'an emergency is incomplete, and something is not dead',
      'every stage of an emergency is done, and something is not dead',
      'a drill has passed',
      'a drill has findings',
    ]) {
      expect([title, hear(title)]).toEqual([title, ['on-call', 'security']]);
    }
  });

  test('no channel but security’s hears that something leaked before it is dead, nor who asked and why', () => {
    const isEmergency = (event: Announced | undefined) =>
      event?.type === 'credential-emergency' ||
      (event && 'intent' in event && event.intent === 'emergency');
    const others = everything.filter(
      ({ title, hearer }) => isEmergency(cases[title]?.[0]) && hearer !== 'security',
    );
    const dead = others.filter(({ text }) => /credentials are dead|is given up/.test(text));
    const early = others.filter(
      ({ hearer, news, ...message }) =>
        !dead.some(({ text }) => text === message.text) && news !== 'emergency-drilled',
    );
    expect(early.map(({ title }) => title)).toContain(
      'an emergency is incomplete, and something is not dead',
    );
    const telling = /expos|leak|compromis|emergency|attack|incident|public repository|ada\b/i;
    for (const { title, subject, text, hearer } of early) {
      expect([title, hearer, subject, text].slice(2).join('\n')).not.toMatch(telling);
    }
  });

  test('of the activation of a key: nobody, it is part of its rotation', () => {
    expect(newsOf({ ...started, intent: 'activate' })).toBeUndefined();
    expect(messagesFor({ ...started, intent: 'activate' }, background)).toEqual([]);
  });

  test('of a first value that is being made: nobody, its users have nothing yet that could change', () => {
    expect(messagesFor({ ...started, firstValue: true }, background)).toEqual([]);
  });

  test('of a failure: support only when users may notice', () => {
    expect(whoHears('failed', false)).toEqual(['on-call', 'security']);
    expect(usersMayNotice(failed, background)).toBe(false);
    expect(usersMayNotice({ ...failed, login: 'unknown' }, background)).toBe(true);
    const { login: _, ...withoutLogin } = failed;
    expect(usersMayNotice({ ...withoutLogin, kind: 'jwt' }, background)).toBe(false);
  });
});

describe('a message', () => {
  test('has a subject that SNS takes', () => {
    for (const { subject } of everything) {
      expect(subject).toMatch(/^[!-~][ -~]{0,98}$/);
    }
    const long = { ...background, application: 'sixteen-letters1', environment: 'twelveletter' };
    const zone = { timeZone: 'America/Argentina/Buenos_Aires', key: 'aKeyOfTwentyLetters0' };
    for (const [event] of Object.values(cases)) {
      for (const { subject } of messagesFor(event, { ...long, ...zone })) {
        expect(subject.length).toBeLessThan(100);
      }
    }
  });

  test('for support says what happens, when, for how long, and what a rollback means', () => {
    const [support] = messagesOf('planned, sessions stay');
    expect(support?.hearer).toBe('support');
    expect(support?.text).toContain('Sat 14 Feb 2026, 03:30 Europe/Berlin');
    expect(support?.text).toContain('about 15 minutes');
    expect(support?.text).toContain('rolled back. The earlier value is used again');
    expect(support?.text).toContain('Everybody stays signed in');
  });

  test('for support and product names no ARN, no id, no command and nothing a stranger wrote', () => {
    for (const { hearer, text, chat } of everything) {
      if (hearer !== 'support' && hearer !== 'product') continue;
      expect(`${text}${chat}`).not.toMatch(/arn:|[0-9a-f]{8}-|npx|aws |public repository|ada/);
    }
  });

  test('for on-call and security ends in what to run, or says where', () => {
    const toActOn = everything.filter(({ hearer }) => hearer === 'on-call');
    expect(toActOn.length).toBeGreaterThan(10);
    for (const { text, news } of toActOn) {
      if (news === 'certificate') continue;
      expect(text).toMatch(/^ {4}npx quarterturn /m);
    }
  });

  test('is one line where somebody wrote several, and no markup of the chat', () => {
    const reason = 'leaked\n\nRun: <https://evil.example|this> & `rm`, [now](https://evil.example)';
    const [{ text, chat } = { text: '', chat: '' }] = messagesFor(
      { ...started, intent: 'emergency', reason },
      background,
    );
    expect(text).toContain(
      'Reason: leaked Run: <https://evil.example|this> & `rm`, [now](https://evil.example)\n',
    );
    expect(chat).toContain(
      "Reason: leaked Run: &lt;https://evil.example|this&gt; &amp; 'rm', (now)(https://evil.example)\n",
    );
  });

  test('has no markup of the chat in its title either, whoever wrote a word of it', () => {
    const reason = '<!channel> `rm` [now](https://evil.example)';
    const emergency: Announced = { ...started, intent: 'emergency', reason };
    const own = { 'started-emergency.security': 'EMERGENCY: {{reason}}\n\nx' };
    const [message] = messagesFor(emergency, background, own);
    if (message === undefined) throw new Error('nobody hears');
    const { content, metadata } = JSON.parse(chatNotification(started.id, message));
    const title = "EMERGENCY: &lt;!channel&gt; 'rm' (now)(https://evil.example)";
    expect([content.title, metadata.summary]).toEqual([title, title]);
    expect(message.subject).toContain('<!channel>');
  });

  test('in chat has the one form the chat service shows', () => {
    const [message] = messagesOf('overdue');
    if (message === undefined) throw new Error('nobody hears');
    expect(JSON.parse(chatNotification(overdue.id, message))).toEqual({
      version: '1.0',
      source: 'custom',
      id: overdue.id,
      content: {
        textType: 'client-markdown',
        title: 'pharmacy prod: db is overdue',
        description: expect.stringContaining('`npx quarterturn rotate db`'),
      },
      metadata: { summary: 'pharmacy prod: db is overdue', eventType: 'overdue' },
    });
  });

  test('tells times as the place has them, in summer and in winter', () => {
    const [winter] = messagesOf('done');
    expect(winter?.text).toContain('From Sat 14 Feb 2026, 03:31 Europe/Berlin');
    const [summer] = messagesOf('certificate, two weeks');
    expect(summer?.text).toContain('Mon 15 Jun 2026, 14:00 Europe/Berlin');
  });
});

describe('the built-in texts', () => {
  test.each(templateNames)('%s can be filled in', (name) => {
    expect(templateProblems(name, builtInTexts[name])).toEqual([]);
  });

  test('are exactly one for everybody who may hear of something', () => {
    expect(Object.keys(builtInTexts).sort()).toEqual([...templateNames].sort());
  });

  test.each(Object.entries(cases))('every word they may use is known: %s', (_title, [event]) => {
    const item = newsOf(event);
    if (item === undefined) throw new Error('no news');
    const { words } = factsOf(event, background);
    for (const word of [...commonWords, ...ruleOf(item).words]) {
      expect(Object.keys(words)).toContain(word);
    }
  });
});

describe('a text of the deployment', () => {
  const own = {
    'planned.support':
      'Hallo {{secret}}\n\n{{if signsOut}}Abmeldung.\n{{unless signsOut}}Nichts.\n{{minutes}} Minuten',
  };

  test('takes the place of the built-in one, and of no other', () => {
    const [support, product] = messagesFor(planned, background, own);
    expect(support).toMatchObject({
      subject: 'Hallo pharmacy/prod/jwt',
      text: 'Nichts.\n15 Minuten',
    });
    expect(product).toEqual(messagesFor(planned, background)[1]);
  });

  test('leaves a line out that has nothing to say', () => {
    const [support] = messagesFor(planned, { ...background, maintenance: true }, own);
    expect(support?.text).toBe('Nichts.');
  });

  test.each([
    [
      'an unknown word',
      'S\n\n{{planedAt}}',
      /^line 3: found the unknown \{\{planedAt\}\}; expected .*plannedAt/,
    ],
    [
      'a word of another message',
      'S\n\n{{execution}}',
      /^line 3: found the unknown \{\{execution\}\}/,
    ],
    [
      'an unknown condition',
      'S\n\n{{if rollback}}x',
      /^line 3: found the unknown condition "rollback"; expected jwt, /,
    ],
    [
      'a condition inside of a line',
      'S\n\nx {{if jwt}}y',
      /^line 3: found braces that are no placeholder/,
    ],
    [
      'single braces left open',
      'S\n\n{{plannedAt',
      /^line 3: found braces that are no placeholder/,
    ],
    ['a condition in the subject', '{{if jwt}}S\n\nx', /^found a condition in line 1/],
    [
      'a subject that is not ASCII',
      'Größe\n\nx',
      /^found no subject in line 1 that mail can carry/,
    ],
    ['a subject that is too long', `${'x'.repeat(100)}\n\nx`, /at most 99 characters/],
    ['no message', 'S\n\n', /^found nothing below the subject/],
    ['nothing', '', /^found no subject/],
    ['too much', 'x'.repeat(20_000), /^found 20000 characters/],
  ])('with %s is refused', (_what, text, problem) => {
    expect(templateProblems('planned.support', text)).toContainEqual(
      expect.stringMatching(problem),
    );
  });

  test('may come from Windows', () => {
    expect(parseTemplate('S\r\n\r\nx\r\n')).toEqual(parseTemplate('S\n\nx\n'));
  });
});

test('the kinds that texts may ask for are those that events have', () => {
  expect(kinds).toEqual(['jwt', 'encryption', 'database', 'userManaged']);
});

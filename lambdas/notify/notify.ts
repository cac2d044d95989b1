/**
 * Tells people what happened to the secrets. One event, one message for each audience that hears of it, each to the
 * topic of its mail and to that of its chat channel.
 *
 * Every one of these is sent on its own: a topic that refuses keeps nobody else from hearing. The call then fails,
 * Lambda repeats it (Lambda guide, "Retries for asynchronous invocations"), and who was told is not told again.
 */
import type { Manifest } from '../../domain/config/manifest.ts';
import type { Announced } from '../../domain/events/announced.ts';
import type { TemplateName } from '../../domain/events/message-template.ts';
import type { Hearer } from '../../domain/events/who-hears.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import {
  chatNotification,
  type Message,
  messagesFor,
} from '../../domain/reports/messages/messages-for.ts';
import type { Clock } from '../../doors/clock.ts';
import type { Log } from '../../doors/log.ts';
import type { SentMessagesDoor } from '../../doors/sent-messages.ts';
import type { TopicMessage, TopicsDoor } from '../../doors/topics.ts';
import { failureOf } from '../rotation/failure.ts';
import { backgroundOf, parseAnnouncement } from './announcement.ts';
import { NotEverybodyToldError } from './errors.ts';

export interface NotifyDoors {
  topics: TopicsDoor;
  sent: SentMessagesDoor;
  clock: Clock;
  log: Log;
}

/** ARNs. An audience without a topic is not told. */
export interface Place {
  readonly mail?: string | undefined;
  readonly chat?: string | undefined;
}

export interface NotifySettings {
  readonly places: Readonly<Record<Hearer, Place>>;
  readonly timeZone: string;
  readonly texts: Partial<Record<TemplateName, string>>;
}

export interface Told {
  /** Where a message went, in this call or in one before. */
  told: readonly string[];
}

/** Longer than the function may run: a message that was taken before is nobody's any more. */
const callMilliseconds = 60_000;

/** @throws InvalidAnnouncementError, NotEverybodyToldError, AwsCallError, by name and code */
export async function notify(
  doors: NotifyDoors,
  manifest: () => Promise<Manifest>,
  settings: NotifySettings,
  event: unknown,
): Promise<Told> {
  try {
    return await tell(doors, await manifest(), settings, event);
  } catch (error) {
    const { code, message, frames, error: printable } = failureOf(error, 'the notifier');
    doors.log.error('failed', { code, reason: message, frames });
    throw printable;
  }
}

async function tell(
  doors: NotifyDoors,
  manifest: Manifest,
  { places, timeZone, texts }: NotifySettings,
  event: unknown,
): Promise<Told> {
  const announced = parseAnnouncement(event);
  const neighbour = places['on-call'].mail ?? '';
  const background = backgroundOf(announced, manifest, { neighbour, timeZone });
  const messages = messagesFor(announced, background, texts);
  const letters = messages.flatMap((message) =>
    lettersOf(announced.id, message, places[message.hearer]),
  );
  const fact = factOf(announced);
  const answers = await Promise.all(letters.map((letter) => send(doors, fact, letter)));
  const left = answers.flatMap((code, index) =>
    code === undefined ? [] : [{ where: letters[index]?.where ?? '', code }],
  );
  const told = letters.map(({ where }) => where);
  doors.log.info('told', {
    type: announced.type,
    event: announced.id,
    told: told.filter((where) => !left.some((one) => one.where === where)),
    left: left.map(({ where }) => where),
    withoutTopic: messages
      .filter(
        ({ hearer }) => places[hearer].mail === undefined && places[hearer].chat === undefined,
      )
      .map(({ hearer }) => hearer),
  });
  if (left.length > 0) throw new NotEverybodyToldError(left);
  return { told };
}

/**
 * Under which an event is told once: its id, and a digest of all it says but its time. Ids are derived from names and
 * versions, so that a repetition has the same one; whoever may put events on the bus could use up an id before the
 * event that has something to say.
 */
export function factOf({ at: _, ...said }: Announced): string {
  return `${said.id}.${derivedToken(JSON.stringify(said))}`;
}

interface Letter extends TopicMessage {
  /** `support`, `support-chat`: part of the key under which it is sent once. */
  where: string;
}

function lettersOf(id: string, message: Message, { mail, chat }: Place): Letter[] {
  const { hearer, subject, text } = message;
  return [
    ...(mail === undefined ? [] : [{ where: hearer, topicArn: mail, subject, message: text }]),
    ...(chat === undefined
      ? []
      : [{ where: `${hearer}-chat`, topicArn: chat, message: chatNotification(id, message) }]),
  ];
}

/** @returns why it was not sent; undefined: it is, by this call or one before */
async function send(
  { topics, sent, clock }: NotifyDoors,
  fact: string,
  { where, ...message }: Letter,
): Promise<string | undefined> {
  const now = clock.now();
  const deadBefore = new Date(now.getTime() - callMilliseconds);
  try {
    const claim = await sent.claim(fact, where, now, deadBefore);
    if (claim === 'sent') return undefined;
    if (claim === 'underWay') return 'being sent by another call';
  } catch (error) {
    return codeOf(error);
  }
  let messageId: string;
  try {
    messageId = await topics.publish(message);
  } catch (error) {
    // Not given back, the record says it: the next call waits until this one is surely over.
    await sent.giveBack(fact, where, clock.now()).catch(() => undefined);
    return codeOf(error);
  }
  try {
    await sent.markSent(fact, where, clock.now(), messageId);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

const codeOf = (error: unknown): string => {
  const { awsCode, code } = error as { awsCode?: string; code?: string };
  return awsCode ?? code ?? 'an error';
};

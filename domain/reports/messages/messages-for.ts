/** The messages of one event: one for each audience that hears of it, in the words of that audience. */
import type { Announced } from '../../events/announced.ts';
import { parseTemplate, type TemplateName, templateName } from '../../events/message-template.ts';
import { type Hearer, type News, whoHears } from '../../events/who-hears.ts';
import { builtInTexts } from './built-in-texts.ts';
import { factsOf } from './facts.ts';
import { type Background, newsOf, usersMayNotice } from './news-of.ts';
import { type Rendered, render } from './render.ts';

export interface Message extends Rendered {
  readonly news: News;
  readonly hearer: Hearer;
}

/** @param own texts of the deployment, in the place of the built-in ones */
export function messagesFor(
  event: Announced,
  background: Background,
  own: Partial<Record<TemplateName, string>> = {},
): readonly Message[] {
  const item = newsOf(event);
  if (item === undefined) return [];
  const facts = factsOf(event, background);
  return whoHears(item, usersMayNotice(event, background)).map((hearer) => {
    const name = templateName(item, hearer);
    const template = parseTemplate(own[name] ?? builtInTexts[name]);
    return { news: item, hearer, ...render(template, facts) };
  });
}

/**
 * What Amazon Q Developer in chat applications shows; any other text on its topic is dropped without a word
 * (chatbot/latest/adminguide/custom-notifs.html, "Event schema").
 */
export function chatNotification(id: string, { news, chatTitle: title, chat }: Message): string {
  return JSON.stringify({
    version: '1.0',
    source: 'custom',
    id,
    content: { textType: 'client-markdown', title, description: chat },
    metadata: { summary: title, eventType: news },
  });
}

/** A text and what is known, as a mail and as a chat channel shows it. */
import { longestSubject, type Template, type TemplateLine } from '../../events/message-template.ts';
import type { Facts } from './facts.ts';

export interface Rendered {
  /** ASCII, without line breaks, for mail. */
  readonly subject: string;
  readonly text: string;
  /** The subject, for chat: nothing in it is markup there. */
  readonly chatTitle: string;
  /** Markdown of the chat client. */
  readonly chat: string;
}

export function render({ subject, body }: Template, facts: Facts): Rendered {
  return {
    subject: subjectOf(filled(subject, facts, plain)),
    text: paragraphs(body, facts, plain, (command) => `    ${command}`),
    chatTitle: subjectOf(filled(subject, facts, escaped)),
    chat: paragraphs(body, facts, escaped, (command) => `\`${command}\``).slice(0, longestChat),
  };
}

/** "Limited to 8,000 characters" with its markup (chatbot/latest/adminguide/custom-notifs.html); some are kept back. */
const longestChat = 7_500;

type Show = (word: string) => string;
const plain: Show = (word) => word;
/**
 * Slack's control characters (docs.slack.dev/messaging/formatting-message-text, "Escaping text"), and what would
 * make a link or code of a word somebody else chose.
 */
const escaped: Show = (word) =>
  word
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('`', "'")
    .replaceAll('[', '(')
    .replaceAll(']', ')');

function paragraphs(
  body: readonly TemplateLine[],
  facts: Facts,
  show: Show,
  command: (line: string) => string,
): string {
  return body
    .filter((line) => stands(line, facts))
    .map((line) => (line.command ? command(filled(line, facts, show)) : filled(line, facts, show)))
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

function stands({ conditions, parts }: TemplateLine, { words, flags }: Facts): boolean {
  return (
    conditions.every(({ flag, is }) => flags.has(flag) === is) &&
    parts.every((part, index) => index % 2 === 0 || (words[part] ?? '') !== '')
  );
}

function filled({ parts }: TemplateLine, { words }: Facts, show: Show): string {
  return parts
    .map((part, index) => (index % 2 === 0 ? part : show(words[part] ?? '')))
    .join('')
    .trimEnd();
}

function subjectOf(text: string): string {
  const ascii = text
    .replaceAll(/[^ -~]/g, '?')
    .replaceAll(/ +/g, ' ')
    .trim();
  return ascii.length <= longestSubject ? ascii : `${ascii.slice(0, longestSubject - 3)}...`;
}

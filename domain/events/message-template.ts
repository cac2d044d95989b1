/**
 * The texts people are told, as anybody can write one: the first line is the subject, the rest the message.
 *
 *     {{word}}          what is known; a line with a word that has nothing to say is left out
 *     {{if flag}} …     a line that stands only when it is so
 *     {{unless flag}} … a line that stands only when it is not
 *
 * A line indented by four spaces is a command. Nothing else has a meaning: no loops, no nesting, no code.
 */
import {
  allNews,
  commonWords,
  type Hearer,
  kinds,
  mayHear,
  type News,
  type news,
  ruleOf,
} from './who-hears.ts';

type Told<Item extends News> =
  | (typeof news)[Item]['tells'][number]
  | ((typeof news)[Item] extends { whenUsersMayNotice: readonly (infer Also extends Hearer)[] }
      ? Also
      : never);
/** `planned.support`: also the name of its file, before `.md`. */
export type TemplateName = { [Item in News]: `${Item}.${Told<Item>}` }[News];

export const templateNames = allNews.flatMap((item) =>
  mayHear(item).map((hearer) => templateName(item, hearer)),
);

/** @param hearer one that may hear of it */
export function templateName(item: News, hearer: Hearer): TemplateName {
  return `${item}.${hearer}` as TemplateName;
}

export const isTemplateName = (name: string): name is TemplateName =>
  (templateNames as readonly string[]).includes(name);

export interface TemplateLine {
  /** Stands only if every one of these is so. */
  readonly conditions: readonly { readonly flag: string; readonly is: boolean }[];
  /** Text and words in turn, the text first. */
  readonly parts: readonly string[];
  readonly command: boolean;
}
export interface Template {
  readonly subject: TemplateLine;
  readonly body: readonly TemplateLine[];
}

/** SNS takes subjects of less than 100 characters without line breaks; mail servers like ASCII (API_Publish). */
export const longestSubject = 99;
const longestText = 16_384;

const condition = /^\{\{(if|unless) ([A-Za-z]+)\}\} ?/;
const word = /\{\{([A-Za-z]+)\}\}/;

export function parseTemplate(text: string): Template {
  const [subject = '', ...body] = text.replaceAll('\r\n', '\n').trim().split('\n');
  return { subject: parseLine(subject), body: body.map(parseLine) };
}

function parseLine(line: string): TemplateLine {
  const conditions: { flag: string; is: boolean }[] = [];
  let rest = line.trimEnd();
  for (let found = condition.exec(rest); found; found = condition.exec(rest)) {
    conditions.push({ flag: found[2] ?? '', is: found[1] === 'if' });
    rest = rest.slice(found[0].length);
  }
  const command = rest.startsWith('    ');
  return { conditions, parts: rest.slice(command ? 4 : 0).split(word), command };
}

/** @returns every problem of the text, each with what is allowed; none: it may be deployed */
export function templateProblems(name: TemplateName, text: string): string[] {
  const item = name.slice(0, name.lastIndexOf('.')) as News;
  const words: readonly string[] = [...commonWords, ...ruleOf(item).words];
  const flags: readonly string[] = [...kinds, ...ruleOf(item).flags];
  const problems: string[] = [];
  if (text.length > longestText) {
    return [`found ${text.length} characters; expected at most ${longestText}`];
  }
  const { subject, body } = parseTemplate(text);
  const fixed = subject.parts.filter((_, index) => index % 2 === 0).join('');
  if (!/^[ -~]+$/.test(text.trim().split('\n')[0] ?? '') || fixed.length > longestSubject) {
    problems.push(
      `found no subject in line 1 that mail can carry; expected ASCII, with at most ${longestSubject} characters`,
    );
  }
  if (subject.conditions.length > 0) {
    problems.push('found a condition in line 1; expected a subject that stands in any case');
  }
  if (!body.some(({ parts }) => parts.join('').trim() !== '')) {
    problems.push('found nothing below the subject; expected the message');
  }
  [subject, ...body].forEach(({ conditions, parts }, index) => {
    const line = `line ${index + 1}`;
    for (const { flag } of conditions.filter(({ flag: asked }) => !flags.includes(asked))) {
      problems.push(`${line}: found the unknown condition "${flag}"; expected ${flags.join(', ')}`);
    }
    parts.forEach((part, at) => {
      if (at % 2 === 1 && !words.includes(part)) {
        problems.push(`${line}: found the unknown {{${part}}}; expected ${words.join(', ')}`);
      } else if (at % 2 === 0 && /\{\{|\}\}/.test(part)) {
        problems.push(
          `${line}: found braces that are no placeholder; expected {{word}}, or {{if flag}} or {{unless flag}} at the start of the line`,
        );
      }
    });
  });
  return problems;
}

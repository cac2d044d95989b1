/** Texts of the deployment, from its folder into the function's asset; checked here, before anything is deployed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nearestName } from '../domain/config/nearest-name.ts';
import { InvalidConfigError } from '../domain/config/rotation-config.ts';
import {
  isTemplateName,
  templateNames,
  templateProblems,
} from '../domain/events/message-template.ts';

const suffix = '.md';
/** Notes of the people who edit them. */
const ignored = /^(\..*|README\.md)$/;

/**
 * @param folder of `notifications.templates`; undefined: the built-in texts are used
 * @returns files of the asset
 * @throws InvalidConfigError naming every problem by file and line
 */
export function messageTexts(
  folder: string | undefined,
  configDirectory: string,
): Record<string, string> {
  if (folder === undefined) return {};
  const directory = resolve(configDirectory, folder);
  const path = 'notifications.templates';
  const names = namesIn(directory);
  if (names === undefined || names.length === 0) {
    const found = names === undefined ? 'no folder that can be read' : 'no text';
    throw new InvalidConfigError([
      `${path}: found ${found} at ${directory}; expected files such as planned.support.md (docs/notifications.md lists all)`,
    ]);
  }
  const texts: Record<string, string> = {};
  const problems: string[] = [];
  for (const file of names) {
    const name = file.endsWith(suffix) ? file.slice(0, -suffix.length) : file;
    if (!file.endsWith(suffix) || !isTemplateName(name)) {
      const nearest = nearestName(name, templateNames);
      problems.push(
        `${path}: found "${file}"; expected only names of messages, each with .md${nearest === undefined ? '' : ` (did you mean "${nearest}.md"?)`}`,
      );
      continue;
    }
    const text = textOf(join(directory, file));
    if (text === undefined) {
      problems.push(`${path}: found "${file}", which is no UTF-8 text that can be read`);
      continue;
    }
    problems.push(...templateProblems(name, text).map((problem) => `${path}: ${file}: ${problem}`));
    texts[name] = text;
  }
  if (problems.length > 0) throw new InvalidConfigError(problems);
  return { 'messages.json': JSON.stringify(texts) };
}

function namesIn(directory: string): string[] | undefined {
  try {
    return readdirSync(directory)
      .filter((name) => !ignored.test(name))
      .sort();
  } catch {
    return undefined;
  }
}

function textOf(file: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch {
    return undefined;
  }
}

/** Texts of the deployment: `messages.json` beside the bundle; absent: it uses the built-in ones. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isTemplateName,
  type TemplateName,
  templateProblems,
} from '../domain/events/message-template.ts';

export class OwnTextsError extends Error {
  override readonly name = 'OwnTextsError';
  readonly code = 'ERR_ROTATION_OWN_TEXTS';
  constructor(found: string) {
    super(
      `messages.json beside the bundle ${found}; expected the texts as the deployment checks and writes them. Deploy the stack again.`,
    );
  }
}

/** `taskRoot`: the folder of the bundle (LAMBDA_TASK_ROOT). @throws OwnTextsError */
export function ownTexts(taskRoot: string): Partial<Record<TemplateName, string>> {
  const file = join(taskRoot, 'messages.json');
  if (!existsSync(file)) return {};
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new OwnTextsError('is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new OwnTextsError('holds no texts by name');
  }
  for (const [name, text] of Object.entries(json)) {
    if (!isTemplateName(name) || typeof text !== 'string' || templateProblems(name, text).length) {
      throw new OwnTextsError('holds a text that this release cannot fill in');
    }
  }
  return json;
}

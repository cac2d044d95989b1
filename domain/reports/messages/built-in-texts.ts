/** Every text of this release. A deployment may put its own in the place of any of them. */
import type { TemplateName } from '../../events/message-template.ts';
import { after } from './texts/after.ts';
import { before } from './texts/before.ts';
import { emergency } from './texts/emergency.ts';
import { rows } from './texts/rows.ts';
import { trouble } from './texts/trouble.ts';

export const builtInTexts: Readonly<Record<TemplateName, string>> = {
  ...before,
  ...after,
  ...trouble,
  ...rows,
  ...emergency,
};

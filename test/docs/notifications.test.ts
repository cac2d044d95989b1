/** docs/notifications.md against the one table of who hears what; every built-in text, for whoever changes one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseRotationConfig } from '../../domain/config/rotation-config.ts';
import { templateNames } from '../../domain/events/message-template.ts';
import { allNews, commonWords, hearers, kinds, ruleOf } from '../../domain/events/who-hears.ts';
import { builtInTexts } from '../../domain/reports/messages/built-in-texts.ts';
import example from '../../rotation.config.ts';
import { expectDocument } from '../document.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/notifications.md'), 'utf8');
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const listed = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(', ') || '–';

describe('docs/notifications.md', () => {
  test('says who hears what, and what each text may say and ask', () => {
    const hears = allNews.map((item) => {
      const { what, tells, whenUsersMayNotice = [] } = ruleOf(item);
      const cells = hearers.map((hearer) =>
        tells.includes(hearer) ? 'yes' : whenUsersMayNotice.includes(hearer) ? 'if noticed' : '',
      );
      return [`\`${item}\``, what, ...cells];
    });
    const says = allNews.map((item) => {
      const { words, flags } = ruleOf(item);
      return [`\`${item}\``, listed(words), listed(flags)];
    });
    const everywhere = `In every text: ${listed(commonWords)}; conditions ${listed(kinds)}.`;
    const made = {
      'who hears what': table(['message', 'when', ...hearers], hears),
      words: `${everywhere}\n\n${table(['message', 'words', 'conditions'], says)}`,
    };
    const text = Object.entries(made).reduce((whole, [name, part]) => {
      const [begin, end] = [`<!-- ${name} -->\n`, '\n<!-- end -->'];
      const from = whole.indexOf(begin) + begin.length;
      expect(from).toBeGreaterThan(begin.length);
      return whole.slice(0, from) + part + whole.slice(whole.indexOf(end, from));
    }, page);
    expectDocument('docs/notifications.md', text);
  });

  test('shows a configuration that is accepted', () => {
    const [, text] = /```ts contacts\n(.*?)```/s.exec(page) ?? [];
    const words = new Function(`return {${text}}`)() as object;
    expect(parseRotationConfig({ ...example, ...words }).contacts.chat.support).toBeDefined();
  });
});

test('docs/notification-texts.md has every built-in text', () => {
  const texts = templateNames.map(
    (name) => `## ${name}.md\n\n\`\`\`\n${builtInTexts[name]}\`\`\`\n`,
  );
  expectDocument(
    'docs/notification-texts.md',
    `# Built-in texts\n\nTo change one, save it under its name in the folder of \`notifications.templates\` ([notifications.md](notifications.md#texts-of-your-own)).\n\n${texts.join('\n')}`,
  );
});

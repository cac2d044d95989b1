/** docs/triggers.md: what it shows is accepted, what it names is there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseRotationConfig } from '../../domain/config/rotation-config.ts';
import { exposureSchema, triggerSource, triggerTypes } from '../../domain/events/triggers.ts';
import example from '../../rotation.config.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/triggers.md'), 'utf8');
const code = (name: string) => {
  const [, text] = new RegExp(`^\`\`\`ts ${name}\n(.*?)^\`\`\``, 'ms').exec(page) ?? [];
  return new Function(`return {${text}}`)() as Record<string, object>;
};

test('its configuration is accepted', () => {
  const { triggers } = code('triggers');
  const { gitHub } = code('gitHub');
  const secrets = {
    ...example.secrets,
    gitHubWebhook: { kind: 'userManaged', purpose: 'Signs what GitHub sends.' },
  };
  const config = parseRotationConfig({ ...example, secrets, triggers: { ...triggers, gitHub } });
  expect(Object.keys(config.triggers ?? {})).toHaveLength(5);
});

test('its event is one the function takes', () => {
  const [, entries = ''] = /--entries '(.*?)'/s.exec(page) ?? [];
  const [entry] = JSON.parse(entries);
  expect(entry).toMatchObject({ Source: triggerSource, DetailType: 'credential-exposure' });
  const detail = JSON.parse(entry.Detail);
  expect(exposureSchema.parse(detail)).toEqual(detail);
  for (const type of triggerTypes) expect(page).toContain(`| \`${type}\` |`);
});

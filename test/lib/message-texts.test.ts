/** Texts of the deployment: checked at synthesis, by file and line, and laid beside the bundle. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { InvalidConfigError } from '../../domain/config/rotation-config.ts';
import { ownTexts } from '../../doors/own-texts.ts';
import { messageTexts } from '../../lib/message-texts.ts';

const good = 'Geplant: {{plannedAt}}\n\n{{unless signsOut}}Niemand merkt etwas.\n';
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quarterturn-texts-'));
  mkdirSync(join(directory, 'messages'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const write = (name: string, text: string | Buffer) =>
  writeFileSync(join(directory, 'messages', name), text);
const problems = (folder = './messages'): readonly string[] => {
  try {
    messageTexts(folder, directory);
    return [];
  } catch (error) {
    return error instanceof InvalidConfigError ? error.problems : [String(error)];
  }
};

test('what is in the folder goes to the function, which takes it', () => {
  write('planned.support.md', good);
  write('README.md', '# {{notes}} of ours');
  const files = messageTexts('./messages', directory);
  expect(files).toEqual({ 'messages.json': JSON.stringify({ 'planned.support': good }) });
  writeFileSync(join(directory, 'messages.json'), files['messages.json'] ?? '');
  expect(ownTexts(directory)).toEqual({ 'planned.support': good });
});

test('without a folder the built-in texts are used, and the function finds none', () => {
  expect(messageTexts(undefined, directory)).toEqual({});
  expect(ownTexts(directory)).toEqual({});
});

test('every problem is told at once, by file and line', () => {
  write('planned.support.md', 'Geplant\n\n{{planedAt}}\n');
  write('planned.suport.md', good);
  write('overdue.product.md', good);
  write('planned.product', good);
  write('planned.product.txt', good);
  write('done.support.md', Buffer.from([0x53, 0x0a, 0x0a, 0xff]));
  expect(problems()).toEqual([
    'notifications.templates: found "done.support.md", which is no UTF-8 text that can be read',
    expect.stringMatching(/^notifications\.templates: found "overdue\.product\.md"; expected only/),
    expect.stringMatching(
      /found "planned\.product"; expected .* \(did you mean "planned\.product\.md"/,
    ),
    expect.stringMatching(/found "planned\.product\.txt"; expected only names of messages/),
    expect.stringMatching(/found "planned\.suport\.md".*\(did you mean "planned\.support\.md"\?\)/),
    expect.stringMatching(
      /planned\.support\.md: line 3: found the unknown \{\{planedAt\}\}; expected/,
    ),
  ]);
});

test('a folder that is missing, or empty, is no folder of texts', () => {
  expect(problems('./nowhere')).toEqual([
    expect.stringMatching(/found no folder that can be read at .*nowhere; expected files such as/),
  ]);
  expect(problems()).toEqual([expect.stringMatching(/found no text at /)]);
});

test('a function whose texts were changed behind the deployment’s back says so at its start', () => {
  for (const text of [
    '{',
    '[]',
    '{"planned.nobody":"x"}',
    '{"planned.support":"S\\n\\n{{evil}}"}',
  ]) {
    writeFileSync(join(directory, 'messages.json'), text);
    expect(() => ownTexts(directory)).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_OWN_TEXTS' }),
    );
  }
});

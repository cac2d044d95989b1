/** The example of docs/certificates.md is accepted, and the page names what it says. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { certificateSchema } from '../../domain/config/certificate-schema.ts';
import { certificatesFunctionName, metricNames } from '../../domain/config/names.ts';
import { parseRotationConfig } from '../../domain/config/rotation-config.ts';
import { reminderDays } from '../../domain/policy/certificate-due.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const page = readFileSync(join(root, 'docs/certificates.md'), 'utf8');

test('the example is accepted as it stands', () => {
  const [, block] = /```ts\ncertificates: ([\s\S]*?),\n```/.exec(page) ?? [];
  const certificates = JSON.parse(JSON.stringify(runInNewContext(`(${block})`)));
  const { certificates: parsed } = parseRotationConfig({
    ...{ name: 'pharmacy', environment: 'prod', region: 'eu-west-1', account: '123456789012' },
    secrets: { partnerTls: { kind: 'userManaged', purpose: 'TLS of the partner, with its key.' } },
    certificates,
  });
  expect(parsed).toHaveLength(6);
});

test('the page has every field, threshold and name', () => {
  for (const field of Object.keys(certificateSchema.shape)) {
    expect(page).toMatch(new RegExp(`^\\| \`${field}\` \\|`, 'm'));
  }
  expect(page).toContain(`| ${reminderDays.join(', ')} days are left`);
  expect(page).toContain(
    certificatesFunctionName({ name: '<name>', environment: '<environment>' }),
  );
  expect(page).toContain(`\`${metricNames.certificateDaysLeft}\``);
});

/** The report that docs/health.md asks of other languages, and who is shown it: as the page has them. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { SecretCache } from '../../client/index.ts';
import { seenHealthReportSchema } from '../../domain/events/health-report.ts';
import { healthProof } from '../../domain/policy/health-proof.ts';
import { InMemorySource } from '../client/stand-ins.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/health.md'), 'utf8');
const block = (language: string, at: number) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))][at]?.[1] ?? '';

test('the report of the page is one that is understood, and proves what it holds', () => {
  const report = seenHealthReportSchema.parse(JSON.parse(block('json', 0)));
  const expected = { versionIds: ['another'], role: null };
  const kid = '1a77c0de55e1b002';
  const key = (state: 'published' | 'primary') => ({ kid, state });
  const jwt = { ...expected, secretName: 'shop/prod/jwt' };
  expect(healthProof(report, { ...jwt, key: key('published') }).proof).toBe('held');
  expect(healthProof(report, { ...jwt, key: key('primary') }).proof).toBe('notHeld');
});

test('whoever brings the value of the secret is shown the detail, and nobody else', async () => {
  // The block of the page, with what it takes from its surroundings as arguments.
  const code = block('ts', 1)
    .replace(/^const shown = .*$/m, '')
    .replace('text: string', 'text');
  const source = `${code.replace('healthHandler(checks, ', 'return (')}`;
  const shown = new SecretCache(new InMemorySource('probe-token-0000001\n'), { parse: String });
  const { maySeeDetail } = new Function('shown', 'createHash', 'timingSafeEqual', source)(
    shown,
    createHash,
    timingSafeEqual,
  );
  const asked = (authorization?: string) => maySeeDetail({ headers: { authorization } });
  expect(await asked('Bearer probe-token-0000001')).toBe(true);
  for (const other of ['Bearer probe-token-0000002', 'probe-token-0000001', 'Bearer ', undefined]) {
    expect(await asked(other)).toBe(false);
  }
});

/** What a stranger wrote is text in every form of the report, and steers nothing. */
import { describe, expect, test } from '@jest/globals';
import type { IncidentFacts } from '../../../../domain/reports/incident/facts.ts';
import { incidentHtml } from '../../../../domain/reports/incident/html.ts';
import { incidentLines } from '../../../../domain/reports/incident/lines.ts';
import { incidentMarkdown } from '../../../../domain/reports/incident/markdown.ts';
import { audit, emergency, facts, stranger, withSecret, withStage } from './incident-facts.ts';
import { reportOf } from './report-of.ts';

describe('what a stranger wrote', () => {
  const hostile =
    '</td><script>hacked = 1</script><img src=x onerror=hacked> | a\n# b [c](javascript:d) `e` https://evil.example @everyone \u001b[2J\u202edlrow';
  const given: IncidentFacts = {
    ...facts,
    emergency: { ...emergency, reason: hostile, requestedBy: hostile },
    stages: withStage('start', { state: 'failed', reason: hostile }).stages,
    secrets: withSecret('db', {
      reason: hostile,
      command: hostile,
      compromised: [hostile],
      evidence: [
        { fact: 'oldCredentialNotProvenDead', detail: { host: hostile, reason: hostile } },
      ],
    }).secrets,
    audit: {
      ...audit,
      readers: [
        {
          ...stranger,
          principal: hostile,
          readNew: true,
          sources: stranger.sources.map((one) => ({
            ...one,
            userAgent: hostile,
            address: hostile.slice(0, 128),
          })),
        },
      ],
      notes: [hostile],
    },
  };
  const report = reportOf(given);

  test('is no markup of the page', () => {
    const page = incidentHtml(report);
    expect(page).not.toMatch(/<script|<img|<a [^>]*evil|href="(?!#|data:)/);
    for (const steering of ['\u001b', '\u202e']) expect(page).not.toContain(steering);
    expect(page).toContain('&lt;script&gt;');
    expect(page.match(/<\/style>/g)).toHaveLength(1);
  });

  test('is no markup, row, link or mention of Markdown', () => {
    const text = incidentMarkdown(report);
    expect(text).not.toMatch(/(?<!\\)<(script|img)/);
    for (const steering of ['\u001b', '\u202e']) expect(text).not.toContain(steering);
    expect(text).not.toMatch(/^# b/m);
    const outside = text.replaceAll(/^ *```sh\n.*?^ *```$/gms, '');
    expect(outside).not.toMatch(/https:\/\/|(?<!\\)@everyone|(?<!\\)\[c/);
    for (const row of text
      .split('\n')
      .filter((line) => line.startsWith('| arn') || line.startsWith('| start'))) {
      expect(row.match(/(?<!\\)\|/g)?.length).toBe(8);
    }
  });

  test('steers no terminal, and stands on one line', () => {
    const lines = incidentLines(report, 80);
    const steering = [...lines.join('')].filter((one) => one < ' ' || one === '\u202e');
    expect(steering).toEqual([]);
    expect(lines.join('\n')).toContain('\\u001b[2J');
  });

  test('stands as it came in the data', () => {
    expect(report.reason).toBe(hostile);
  });

  test('is in no command', () => {
    const commands = report.remaining.flatMap((one) => one.commands);
    expect(commands.filter((command) => /script|evil/.test(command))).toEqual([]);
  });
});

/** `docs/assurance.md`, made from the claims and from the figures of the last full runs. */
import type { TestReference } from './claim.ts';
import type { Figures } from './figures.ts';
import { notProven } from './not-proven.ts';
import { promises } from './promises.ts';
import { threats } from './threats.ts';
import { trapsOfAws } from './traps-aws.ts';
import { trapsOfBuilding } from './traps-build.ts';
import { trapsOfSecurity } from './traps-security.ts';

export function assurancePage(figures: readonly Figures[]): string {
  return `${[
    '# Assurance',
    introduction,
    '## Promises',
    table(
      ['', 'promise', 'broken by', 'figures', 'limits'],
      promises.map(({ id, promise, tests, figures: ids, limits = '' }) => [
        id,
        promise,
        shown(tests),
        ids.map((it) => `\`${it}\``).join('<br>'),
        limits,
      ]),
    ),
    '## Figures',
    aboutFigures,
    table(
      ['proof', 'counted', 'seed', 'on'],
      figures.map(({ id, figures: counted, seed, date }) => [
        `\`${id}\``,
        Object.entries(counted)
          .map(([name, value]) => `${words(name)} ${amount(value)}`)
          .join(', '),
        `${seed}`,
        date,
      ]),
    ),
    '## Threat model',
    table(
      ['asset', 'attacker', 'way', 'what stands in it', 'test'],
      threats.map(({ asset, attacker, path, mitigation, tests }) => [
        asset,
        attacker,
        path,
        mitigation,
        shown(tests),
      ]),
    ),
    '## Traps',
    aboutTraps,
    ...[trapsOfAws, trapsOfSecurity, trapsOfBuilding].map((traps) =>
      table(
        ['', 'trap', 'test'],
        traps.map(({ id, trap, tests }) => [id, trap, shown(tests)]),
      ),
    ),
    '## What is not proven',
    notProven.map((it) => `- ${it}`).join('\n'),
  ].join('\n\n')}\n`;
}

const introduction = `What Quarterturn promises, which test would be red if a promise were broken, and what the proofs counted when they last ran in full. \`npm test\` runs each proof in a short form, \`npm run proof\` in the full one, \`npm run mutation\` what changes the product and expects its tests to notice: the same code, and by default the same seed. A failing run prints its seed; \`SEED=<n>\` repeats it.

This page is made from \`test/assurance/\`. A test compares it, looks up every test it names, and fails when a figure it states is missing or counts something that must not be. What ships, under which licences and how it is checked stands in [dependencies.md](dependencies.md), every right in [permissions.md](permissions.md).`;

const aboutFigures =
  'One line for each full run, as it was written down by the run itself. `bad`, `survivors`, `hits`, `uncaught`, `echoed` and `differences` must be 0; `goal` beside a `score` is what it should reach.';

const aboutTraps =
  'Ways in which a design of this kind fails, found by review: what AWS does (A), what an attacker or a mistake does (H), what building it runs into (B). Each has a test that would fall into it.';

function shown(tests: readonly TestReference[]): string {
  return tests.map(({ file, title }) => `[${cell(title)}](../${file})`).join('<br>');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const words = (name: string): string => name.replaceAll(/[A-Z]/g, (it) => ` ${it.toLowerCase()}`);
const amount = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: 2 });

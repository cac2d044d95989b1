/** What people type and read: command lines, instants, windows, and reports with somebody else's words in them. */
import fc from 'fast-check';
import { rowsIn } from '../../../cli/drill/escrow.ts';
import { exposedSince } from '../../../cli/emergency/instant.ts';
import { oneLine, printable } from '../../../cli/printable.ts';
import { formatOf } from '../../../cli/report/formats.ts';
import { assertReason } from '../../../cli/rotation/asked.ts';
import { wrap } from '../../../cli/table.ts';
import { scheduleSchema } from '../../../domain/config/schedule-schema.ts';
import { firstOpening, isOpen } from '../../../domain/policy/freeze.ts';
import { isInside, nextOpening, type Window } from '../../../domain/policy/window.ts';
import { csv } from '../../../domain/reports/deployment/csv.ts';
import { markdown } from '../../../domain/reports/deployment/markdown.ts';
import { html } from '../../../domain/reports/html/markup.ts';
import { visible } from '../../../domain/reports/incident/visible.ts';
import { closedDoors } from '../../bad-input/closed-doors.ts';
import { manifest } from '../../bad-input/entries.ts';
import { runCommand } from '../../cli/run-command.ts';
import { pharmacyReport } from '../../domain/reports/pharmacy.ts';
import { texts } from '../mutations.ts';
import { ofSchema } from '../of-schema.ts';
import type { Target } from '../target.ts';
import { agree, target } from './agree.ts';

const now = new Date('2026-05-17T17:00:02Z');
const typed = 'what a person typed, told to that person; a password is no argument of any command';

/** None of these reads or writes a file before it has asked AWS, and no door to it opens. */
const commands = [
  'status',
  'report',
  'rotate',
  'rollback',
  'release',
  'doctor',
  'adopt',
  'emergency',
  'drill',
  'reencrypt',
  'offboard',
  'gate',
  'eject',
  'help',
  '',
];
const flags = [
  '--json',
  '--all',
  '--reason',
  '--since',
  '--exposed-since',
  '--rows',
  '--escrow',
  '--within',
  '--format',
  '--follow',
  '--resume',
  '--lift',
  '--list',
  '--version',
  '--hold',
  '--limit',
  '--suspect',
  '--',
  '-V',
  '--deployment',
  '--region',
  '--nobody-knows',
];
const words = [
  'jwt',
  'db',
  'pharmacy/prod/jwt',
  '12h',
  '2026-05-01',
  '2026-05-01T00:00:00Z',
  '100',
  'csv',
  '20260517t170002z-0123456789abcdef',
  'pharmacy/prod',
];

const deployment = () =>
  closedDoors(
    { made: [] },
    {
      manifest,
      clock: { now: () => now, sleep: async () => undefined },
      caller: {
        arn: 'arn:aws:iam::000000000000:user/on-call',
        account: '000000000000',
        region: 'eu-west-1',
      },
    },
  );

const report = pharmacyReport();

/** With an hour that comes twice, with half an hour, without a day. */
const zones = fc.constantFrom(
  'Etc/UTC',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Apia',
  'Australia/Lord_Howe',
);
const schedule = ([freezes, window, timeZone]: [unknown, unknown, string]) =>
  scheduleSchema.parse({
    freezes,
    window: window === undefined ? undefined : { ...(window as object), timeZone },
  });

export const terminalTargets: readonly Target<never>[] = [
  target({
    name: 'cli/main.ts: main',
    inputs: (canary) =>
      fc
        .tuple(
          fc.constantFrom(...commands),
          fc.array(
            fc.oneof(fc.constantFrom(...flags), texts(words, canary, ['-', '=', '--json'])),
            { maxLength: 6 },
          ),
        )
        .map(([command, rest]) => [command, ...rest]),
    run: (argv) => runCommand(deployment() as never, argv),
    holds: (answer) =>
      agree([0, 1, 2, 3, 4, 130].includes((answer as { exitCode: number }).exitCode), true),
    mayRepeat: typed,
  }),
  target({
    name: 'cli: exposedSince, rowsIn, formatOf, assertReason',
    inputs: (canary) =>
      texts(['3d', '2026-05-01', '2026-05-01T10:15:00+02:00', '100', 'report.csv'], canary, [
        'T',
        'Z',
        ':60',
        '+99:99',
        '2016-12-31T23:59:60Z',
        '.',
      ]),
    run(text) {
      assertReason(text.slice(0, 1_000));
      const tried = [
        () => rowsIn(text),
        () => formatOf({ format: text }),
        () => formatOf({ out: text }),
      ];
      for (const attempt of tried) {
        try {
          attempt();
        } catch (error) {
          if ((error as { code?: unknown }).code !== 'ERR_ROTATION_USAGE') throw error;
        }
      }
      return exposedSince(text, now);
    },
    holds(answer) {
      agree(new Date(answer as string).toISOString(), answer);
      agree(new Date(answer as string) <= now, true);
    },
    accepts: '3d',
    refuses: 'tomorrow',
    mayRepeat: typed,
  }),
  target({
    name: 'cli and reports: printable, oneLine, wrap, visible',
    inputs: (canary) =>
      texts(['a line of text', '\u001b[31mred\u001b[0m'], canary, [
        '\u001b[2K',
        '\u202e',
        '\r',
        '\u009b',
        '\u2028',
        '\n',
      ]),
    run: (text) => [oneLine(text), visible(text), printable(text), wrap(text, 20)],
    holds(answer) {
      // Colours are ours, and end with the line.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
      const colour = /\u001b\[[\d;]*m/g;
      const [line, seen] = (answer as string[]).map((text) => String(text).replaceAll(colour, ''));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be left
      agree(/[\u0000-\u001f\u007f-\u009f]/.test(line ?? ''), false);
      agree(/[\u202a-\u202e\u2066-\u2069]/.test(`${line}${seen}`), false);
    },
  }),
  target({
    name: 'domain/reports: csv, markdown, html',
    inputs: (canary) =>
      texts(['the signing key', '=1+1', '<b>x</b>', 'a | b', 'a,"b"'], canary, [
        '=',
        '+',
        '@',
        '\t',
        '\r',
        '"',
        ',',
        '<',
        '&',
        '|',
        '`',
        '\n',
      ]),
    run(text) {
      const secrets = report.secrets.map((secret) => ({ ...secret, purpose: text }));
      return [
        csv({ ...report, secrets, controls: undefined } as never),
        markdown({ ...report, secrets }),
        String(html`<p title="${text}">${text}</p>`),
      ];
    },
    holds(answer) {
      const [table = '', , page = ''] = answer as string[];
      // RFC 4180: fields and nothing between them, and none that a spreadsheet takes for a formula.
      const fields = [...table.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r\n)/gy)];
      agree(fields.map(([field]) => field).join(''), table);
      agree(
        fields.some(([, quoted, bare]) => /^[=+@\t\r-]/.test(quoted ?? bare ?? '')),
        false,
      );
      agree(/^<p title="[^"<>]*">[^<>]*<\/p>$/s.test(page), true);
    },
  }),
  target({
    name: 'domain/policy: windows and freezes',
    inputs: () =>
      fc.tuple(
        fc
          .tuple(
            ofSchema(scheduleSchema.shape.freezes),
            ofSchema(scheduleSchema.shape.window),
            zones,
          )
          .map(schedule),
        fc
          .integer({ min: 1_500_000_000, max: 2_000_000_000 })
          .map((seconds) => new Date(seconds * 1_000)),
      ),
    run([schedule, at]) {
      const opening = firstOpening(schedule, at);
      const next = schedule.window && nextOpening(schedule.window as Window, at);
      return { opening, next };
    },
    holds(answer, [schedule, at]) {
      const { opening, next } = answer as { opening?: Date; next?: Date };
      if (opening !== undefined) agree(opening >= at && isOpen(schedule, opening), true);
      if (next !== undefined) agree(next >= at && isInside(schedule.window as Window, next), true);
    },
  }),
];

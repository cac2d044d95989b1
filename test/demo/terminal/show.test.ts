import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { liveShow } from '../../../demo/terminal/live.ts';
import { plainShow } from '../../../demo/terminal/plain.ts';
import type { Scene, Show } from '../../../demo/terminal/scene.ts';
import { ValueGuard } from '../../../demo/terminal/value-guard.ts';

const canary = 'Y2FuYXJ5LWNhbmFyeS1jYW5hcnk';

describe.each([
  ['plain lines', plain],
  ['live progress', live],
])('%s', (_, open) => {
  test('shows titles, changes and proofs', async () => {
    const { show, shown } = open(new ValueGuard());

    await show.play([scene('JWT', 'published kid-1'), scene('Encryption', 'published kid-2')]);

    const text = shown();
    for (const part of [
      'JWT',
      '· published kid-1',
      '✓ it works',
      'Encryption',
      '· published kid-2',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('never shows a watched value, whoever reports it', async () => {
    const guard = new ValueGuard();
    guard.watch(JSON.stringify({ JWT_SECRET: canary }));
    const { show, shown } = open(guard);

    await expect(
      show.play([
        { title: `of ${canary}`, play: async (report) => report.doing(`doing ${canary}`) },
        scene('changed', `new ${canary}`),
        {
          title: 'fails',
          play: async () => {
            throw new Error(`refused ${canary}`);
          },
        },
      ]),
    ).rejects.toThrow();

    expect(shown()).toContain('[value withheld]');
    expect(shown()).not.toContain(canary);
    expect(guard.withheld).toBeGreaterThan(0);
  });

  test('ends at the first scene that fails and throws its error again', async () => {
    const { show, shown } = open(new ValueGuard());
    const failing: Scene = {
      title: 'fails',
      play: async () => {
        throw new RangeError('the target said no');
      },
    };

    await expect(show.play([failing, scene('later', 'never')])).rejects.toThrow(
      'the target said no',
    );

    expect(shown()).toContain('fails');
    expect(shown()).not.toContain('never');
  });
});

test('plain lines are never rewritten: no escape sequence, every line ends', async () => {
  const { show, shown } = plain(new ValueGuard());

  await show.play([scene('JWT', 'published kid-1')]);

  expect(shown()).toBe('▸ JWT\n    · published kid-1\n    ✓ it works\n');
});

test('plain lines tell progress by the quarter, and again for what comes next', async () => {
  const { show, shown } = plain(new ValueGuard());
  const of = (done: number) => ({ done, total: 1_000, unit: 'rows' });

  await show.play([
    {
      title: 'rows',
      async play(report) {
        for (const next of ['rewritten', 'opened']) {
          report.doing(next);
          for (const done of [0, 100, 250, 260, 490, 800, 1_000, 1_000]) report.progress(of(done));
        }
      },
    },
  ]);

  const quarters = ['25 % of 1,000 rows', '80 % of 1,000 rows', '100 % of 1,000 rows'];
  expect(shown().split('\n')).toEqual([
    '▸ rows',
    ...['rewritten', ...quarters, 'opened', ...quarters].map((text) => `    … ${text}`),
    '',
  ]);
});

test('a terminal gets a bar that fills, below what was told already', async () => {
  const { show, shown } = live(new ValueGuard());

  await show.play([
    {
      title: 'rows',
      async play(report) {
        report.changed('grown');
        report.progress({ done: 500, total: 1_000, unit: 'rows', perSecond: 100 });
        await new Promise((resolve) => setImmediate(resolve));
      },
    },
  ]);

  expect(shown()).toContain(`${'█'.repeat(10)}${'░'.repeat(10)}`);
});

function scene(title: string, change: string): Scene {
  return {
    title,
    play: async (report) => {
      report.changed(change);
      report.proof('it works');
    },
  };
}

interface Opened {
  show: Show;
  shown(): string;
}

function plain(guard: ValueGuard): Opened {
  let text = '';
  const show = plainShow(guard, (more) => {
    text += more;
  });
  return { show, shown: () => text };
}

function live(guard: ValueGuard): Opened {
  let text = '';
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 40 });
  terminal.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const show = liveShow(guard, terminal as unknown as NodeJS.WriteStream);
  return { show, shown: () => text };
}

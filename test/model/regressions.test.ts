/**
 * Every difference the model ever found, as the sequence fast-check shrank it to. The commands themselves are kept:
 * `seed`, `path` and `replayPath` repeat a run only as long as the arbitraries are those it was drawn from.
 */
import { test } from '@jest/globals';
import type { Command } from './label-commands.ts';
import { CURRENT, PENDING, tokenOf } from './requests.ts';
import { type Beginning, SequentialRun } from './sequential.ts';

interface Regression {
  name: string;
  beginning: Beginning;
  commands: readonly Command[];
  /** Where it was first seen. */
  from: { seed: number; path: string; replayPath: string };
}

/** With the three of AWS and a label of one's own that makes 20, and 21 while a put takes AWSPENDING away. */
const seventeen = Array.from({ length: 17 }, (_, at) => `label-${at}`);
const empty: Beginning = { end: 'serviceStrips', secret: 'empty' };

const regressions: readonly Regression[] = [
  {
    // API_PutSecretValue: "If this operation creates the first version for the secret, […] attaches […] AWSCURRENT".
    name: 'the first value of a secret becomes AWSCURRENT, also under a label of its own',
    beginning: empty,
    commands: [ask({ op: 'put', token: tokenOf(1), value: 'a', stages: ['blue'] })],
    from: { seed: 20_260_517, path: '8:0:1:0:0:0', replayPath: 'DCD:F' },
  },
  {
    // User guide, "Quotas": "Staging labels attached across all versions"; a put that abandons a rotation takes one off.
    name: 'labels are counted when a request has done all of it',
    beginning: { end: 'serviceStrips', secret: 'valued' },
    commands: [
      ask({ op: 'put', token: tokenOf(1), value: 'a', stages: seventeen }),
      ask({ op: 'rotate', token: tokenOf(3), lambda: true }),
      ask({ op: 'put', token: tokenOf(2), value: 'a', stages: [CURRENT, 'blue'] }),
    ],
    from: {
      seed: 20_260_517,
      path: '649:0:4:5:5:7:6:5:5:5:5:7:5:7:7:8:5:8:6:8:9:9:9',
      replayPath: 'No/k:N',
    },
  },
  {
    // Recorded outside of a rotation: the move leaves both labels (aws-rotation.md 1.3); the user guide speaks of one.
    name: 'AWSPENDING goes with AWSCURRENT in the move of a rotation alone',
    beginning: { end: 'withTheMove', secret: 'empty' },
    commands: [
      ask({ op: 'update', token: tokenOf(1), value: 'a' }),
      ask({ op: 'put', token: tokenOf(2), value: 'a', stages: [CURRENT, PENDING] }),
      { do: 'rollback' },
      { do: 'rollback' },
    ],
    from: { seed: 20_260_517, path: '23:4:4:7:7:11:6:6:6:7:7:9', replayPath: 'bA/Z:N' },
  },
  {
    // API_RotateSecret: refused while AWSPENDING is elsewhere, started otherwise; it was answered, and nothing began.
    name: 'a rotation whose empty version is gone begins when it is asked for again',
    beginning: empty,
    commands: [
      ask({ op: 'rotate', token: tokenOf(6), lambda: true }),
      { do: 'move', label: PENDING, from: 'right' },
      ask({ op: 'rotate', token: tokenOf(6) }),
    ],
    from: {
      seed: 20_260_517,
      path: '53:0:0:3:2:9:9:13:14:16:17:15:13:13:11:11:12:12:12:12:12:15:7:2:9:9',
      replayPath: 'zH////j:9B',
    },
  },
];

function ask(request: Extract<Command, { do: 'ask' }>['request']): Command {
  return { do: 'ask', request };
}

test.each(regressions)('regression: $name', async ({ beginning, commands }) => {
  const run = await SequentialRun.begin(beginning);
  try {
    for (const command of commands) {
      await run.take(command);
    }
  } finally {
    run.account.clock.stop();
  }
});

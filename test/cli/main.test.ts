import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type CliCommands, main } from '../../cli/main.ts';
import { PackageNotFoundError, packageVersion } from '../../cli/version.ts';
import { recordedTerminal } from './recorded-terminal.ts';

const root = join(import.meta.dirname, '..', '..');
const unexpected = async () => {
  throw new Error('No deployment was asked for.');
};

class RefusedError extends Error {
  readonly code = 'ERR_ROTATION_REFUSED';
}

describe('the command line', () => {
  test('says its version, that of the package.json it ships with', async () => {
    const terminal = recordedTerminal();
    const context = { terminal, open: unexpected };
    const code = await main(['--version'], commands({}), context);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect([code, terminal.said]).toEqual([0, [version]]);
    expect(() => packageVersion(tmpdir())).toThrow(PackageNotFoundError);
  });

  test('hands the chapter to the demo and returns its exit code', async () => {
    const asked: unknown[] = [];
    const code = await main(
      ['demo', 'jwt'],
      commands({
        demo: async (chapter) => {
          asked.push(chapter);
          return 7;
        },
      }),
    );

    expect(code).toBe(7);
    expect(asked).toEqual(['jwt']);
  });

  test('plays all chapters when none is named', async () => {
    const asked: unknown[] = [];
    await main(
      ['demo'],
      commands({
        demo: async (chapter) => {
          asked.push(chapter);
          return 0;
        },
      }),
    );

    expect(asked).toEqual([undefined]);
  });

  test('hands the port to the sandbox as a number', async () => {
    const asked: unknown[] = [];
    await main(
      ['sandbox', '--port', '4566'],
      commands({
        sandbox: async ({ port }) => {
          asked.push(port);
          return 0;
        },
      }),
    );

    expect(asked).toEqual([4566]);
  });

  test('an error of ours is one line and exit code 1', async () => {
    const refusing = commands({
      demo: async () => {
        throw new RefusedError('refused on purpose by this test');
      },
    });

    await expect(main(['demo'], refusing)).resolves.toBe(1);
  });

  test('any other error is a defect and keeps its stack', async () => {
    const broken = commands({
      demo: async () => {
        throw new RangeError('broken on purpose by this test');
      },
    });

    await expect(main(['demo'], broken)).rejects.toThrow(RangeError);
  });
});

function commands(some: Partial<CliCommands>): CliCommands {
  const unexpected = async () => {
    throw new Error('This command was not asked for.');
  };
  return { demo: unexpected, sandbox: unexpected, ...some };
}

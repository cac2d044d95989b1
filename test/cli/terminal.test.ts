import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { renderBootstrap } from '../../cli/adoption/render.ts';
import { list as emergencyList } from '../../cli/emergency/progress.ts';
import { list } from '../../cli/rotation/progress.ts';
import { type Streams, terminal } from '../../cli/terminal.ts';

type Tty = PassThrough & { isTTY?: boolean; columns?: number };

function streams({ tty = true, columns = 80 } = {}) {
  const made = () => {
    const stream: Tty = new PassThrough();
    if (tty) Object.assign(stream, { isTTY: true, columns });
    return stream;
  };
  const [stdin, stdout, stderr] = [made(), made(), made()];
  return { stdin, stdout, stderr, all: { stdin, stdout, stderr } as unknown as Streams };
}
const text = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString('utf8') ?? '';

describe('the terminal', () => {
  test.each([
    ['y', true],
    ['YES', true],
    ['', false],
    ['no', false],
    ['yesterday', false],
  ])('the answer %j is %s', async (answer, expected) => {
    const { stdin, stdout, stderr, all } = streams();
    const asked = terminal({}, all).confirm('Rotate it now?');
    stdin.write(`${answer}\n`);
    expect(await asked).toBe(expected);
    expect(text(stderr)).toContain('Rotate it now? [y/N]');
    expect(text(stdout)).toBe('');
  });

  test('an input that ends is no yes', async () => {
    const { stdin, all } = streams();
    const asked = terminal({}, all).confirm('Rotate it now?');
    stdin.end();
    expect(await asked).toBe(false);
  });

  test('in a pipe and in CI nobody is asked, and nothing is coloured or drawn', async () => {
    const pipe = terminal({}, streams({ tty: false }).all);
    expect(await pipe.confirm('?')).toBe(false);
    expect(pipe).toMatchObject({ interactive: false, colours: false, columns: 100 });
    expect(pipe).not.toHaveProperty('stream');
    const ci = terminal({ CI: 'true' }, streams().all);
    expect(await ci.confirm('?')).toBe(false);
    expect(ci).not.toHaveProperty('stream');
  });

  test('NO_COLOR and TERM=dumb take the colours away', () => {
    expect(terminal({}, streams().all).colours).toBe(true);
    expect(terminal({ NO_COLOR: '1' }, streams().all).colours).toBe(false);
    // "when present and not an empty string" (no-color.org).
    expect(terminal({ NO_COLOR: '' }, streams().all).colours).toBe(true);
    expect(terminal({ TERM: 'dumb' }, streams().all).colours).toBe(false);
  });

  test('what would steer the terminal is shown instead of obeyed; colours of ours and lines stay', async () => {
    const { stdin, stdout, stderr, all } = streams();
    const { out, err, confirm } = terminal({}, all);
    out('\u001b[31mdue\u001b[0m\tor\nnot');
    expect(text(stdout)).toBe('\u001b[31mdue\u001b[0m\tor\nnot\n');
    const hostile = 'ALTER ROLE\u001b[2K\u001b[8m\rDROP\u009b1A\u202e';
    const shown = 'ALTER ROLE\\u001b[2K\\u001b[8m\\u000dDROP\\u009b1A\\u202e';
    out(hostile);
    err(hostile);
    expect([text(stdout), text(stderr)]).toEqual([`${shown}\n`, `${shown}\n`]);
    const document = JSON.stringify({ hostile });
    out(document);
    expect(JSON.parse(text(stdout))).toEqual({ hostile });
    const asked = confirm(hostile);
    stdin.write('no\n');
    await asked;
    expect(text(stderr)).toContain(`${shown} [y/N]`);
  });

  test('a statement stays one line, whatever a setting in it holds', () => {
    const lines = renderBootstrap(
      {
        ...{ secret: 'a', digest: 'f'.repeat(64), host: 'h', port: 5432, database: 'postgres' },
        statements: [{ sql: "ALTER ROLE a SET b = 'c\n  -- the end\r'", why: 'because\nof it' }],
        ...{ storesPassword: false, findings: [], unchecked: [], runBy: 'master' },
      },
      80,
    );
    expect(lines).toContain("  ALTER ROLE a SET b = 'c\\u000a  -- the end\\u000d';");
    expect(lines).toContain('  -- because\\u000aof it');
  });

  test('a terminal that does not know its width is not drawn on', () => {
    const unknown = terminal({}, streams({ columns: 0 }).all);
    expect(unknown.columns).toBe(100);
    expect(unknown).not.toHaveProperty('stream');
  });

  test('a reader who goes away is no failure; any other error of the output is', () => {
    const { stdout, all } = streams();
    terminal({}, all);
    const failing = (code: string) => () =>
      stdout.emit('error', Object.assign(new Error(code), { code }));
    expect(failing('EPIPE')).not.toThrow();
    expect(failing('ENOSPC')).toThrow('ENOSPC');
  });

  test('Ctrl-C is heard while something is followed, and not after', async () => {
    const signals = new EventEmitter();
    const { untilInterrupted } = terminal({}, streams().all, signals as never);
    const heard = await untilInterrupted(async (interrupted) => {
      signals.emit('SIGINT');
      return interrupted.aborted;
    });
    expect(heard).toBe(true);
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });
});

describe('the live list', () => {
  const drawn = async (...happenings: Parameters<ReturnType<typeof list>['tell']>[0][]) => {
    const { stdout } = streams();
    let output = '';
    stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    const progress = list(stdout as unknown as NodeJS.WriteStream);
    for (const happening of happenings) progress.tell(happening);
    await progress.done();
    stdout.end();
    await once(stdout, 'end');
    return output;
  };
  const step = {
    kind: 'step',
    step: 'createSecret',
    outcome: 'created',
    milliseconds: 59,
  } as const;

  test('ends with every step done', async () => {
    const output = await drawn(step, { kind: 'promoted' }, { kind: 'finished' });
    const last = output.slice(output.lastIndexOf('createSecret'));
    expect(last).toContain('createSecret  created, 59 ms');
    for (const name of ['setSecret', 'testSecret', 'finishSecret']) {
      expect(last).toMatch(new RegExp(`✔\\S* ${name} {2}done`));
    }
    expect(last).toMatch(/✔\S* AfterRotation {2}finished/);
  });

  test('ends at the step that failed', async () => {
    const note = { step: 'setSecret', code: 'C', message: 'M', at: '2026-05-17T17:00:00Z' };
    const output = await drawn(step, { kind: 'failed', failure: note });
    const last = output.slice(output.lastIndexOf('createSecret'));
    expect(last).toMatch(/✖\S* setSecret/);
    expect(last).not.toMatch(/✔\S* (testSecret|AfterRotation)/);
  });
});

describe('the live list of an emergency', () => {
  const drawn = async (
    ...happenings: Parameters<ReturnType<typeof emergencyList>['tell']>[0][]
  ) => {
    const { stdout } = streams();
    let output = '';
    stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    const progress = emergencyList(stdout as unknown as NodeJS.WriteStream);
    for (const happening of happenings) progress.tell(happening);
    await progress.done();
    stdout.end();
    await once(stdout, 'end');
    return output.slice(output.lastIndexOf(' announce'));
  };
  const stage = (
    name: 'announce' | 'protect' | 'start' | 'tell',
    state: 'running' | 'done' | 'failed',
    reason?: string,
  ) =>
    ({
      kind: 'stage',
      stage: name,
      state,
      after: 61,
      seconds: 2,
      ...(reason !== undefined && { reason }),
    }) as const;

  test('goes on after a stage that failed, keeps what was told of secrets, and leaves out what had nothing to do', async () => {
    const output = await drawn(
      stage('announce', 'done'),
      stage('protect', 'running'),
      { kind: 'secret', stage: 'protect', key: 'jwt', state: 'promoted', after: 63 },
      stage('protect', 'done'),
      stage('start', 'failed', 'api is not well'),
      stage('tell', 'done'),
      { kind: 'over' },
    );
    expect(output).toMatch(/announce {2}\+1:01 {2}done, 2\.0 s/);
    expect(output).toMatch(/contain {2}nothing to do/);
    expect(output).toContain('+1:03  jwt promoted');
    expect(output).toMatch(/✖\S* start\n.*\+1:01 {2}FAILED: api is not well/);
    expect(output).toMatch(/✔\S* tell {2}\+1:01 {2}done/);
  });

  test('whoever stops following is shown what goes on by itself', async () => {
    const output = await drawn(stage('protect', 'running'), { kind: 'interrupted' });
    expect(output).toMatch(/protect {2}goes on by itself/);
    expect(output).not.toMatch(/✔\S* protect/);
  });
});

test('what is typed has to be these very words', async () => {
  for (const [typed, expected] of [
    ['pharmacy/prod', true],
    [' pharmacy/prod ', true],
    ['y', false],
    ['pharmacy/prod2', false],
    ['', false],
  ] as const) {
    const { stdin, stderr, all } = streams();
    const asked = terminal({}, all).confirmByTyping(
      'Type pharmacy/prod to begin:',
      'pharmacy/prod',
    );
    stdin.write(`${typed}\n`);
    expect(await asked).toBe(expected);
    expect(text(stderr)).toContain('Type pharmacy/prod to begin: ');
  }
  const pipe = terminal({}, streams({ tty: false }).all);
  expect(await pipe.confirmByTyping('?', '')).toBe(false);
});

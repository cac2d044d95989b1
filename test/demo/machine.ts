/** A newcomer's machine: the command as a child process, piped, in a temporary folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';

export const root = join(import.meta.dirname, '..', '..');

export interface Run {
  child: ChildProcess;
  exit: Promise<number | null>;
  output(): string;
  errors(): string;
  /** Resolves when the output matches. @throws Error when the process ends without */
  says(pattern: RegExp): Promise<void>;
}

export class Machine {
  readonly temporary: string;

  private constructor(temporary: string) {
    this.temporary = temporary;
  }

  static async make(): Promise<Machine> {
    const temporary = await mkdtemp(join(tmpdir(), 'demo-test-'));
    // PostgreSQL's account has to pass through it when the tests run as root.
    await chmod(temporary, 0o755);
    // What tsx has compiled is on a newcomer's machine from the second start on; the first costs seconds more.
    const compiled = `tsx-${process.geteuid?.() ?? ''}`;
    await symlink(join(tmpdir(), compiled), join(temporary, compiled));
    return new Machine(temporary);
  }

  remove = (): Promise<void> => rm(this.temporary, { recursive: true, force: true });

  start(...command: string[]): Run {
    return this.startWith({}, ...command);
  }

  /** @param environment besides what every command has */
  startWith(environment: Readonly<Record<string, string>>, ...command: string[]): Run {
    const child = spawn(process.execPath, ['--import', 'tsx', 'bin/quarterturn.ts', ...command], {
      cwd: root,
      // The shell's AWS settings must lead nowhere: these would, if anything listened to them.
      env: {
        PATH: process.env.PATH,
        TMPDIR: this.temporary,
        AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
        AWS_PROFILE: 'production',
        AWS_SESSION_TOKEN: 'of-somebody-else',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString('utf8');
    });
    const exit = once(child, 'close').then(([code]) => code as number | null);
    return {
      child,
      exit,
      output: () => output,
      errors: () => errors,
      says: (pattern) =>
        new Promise((resolve, reject) => {
          const look = () => {
            if (pattern.test(output)) {
              child.stdout.off('data', look);
              resolve();
            }
          };
          child.stdout.on('data', look);
          look();
          void exit.then(() => reject(new Error(`ended without ${pattern}:\n${output}${errors}`)));
        }),
    };
  }

  async expectNothingLeft(output: string): Promise<void> {
    const files = await readdir(this.temporary);
    expect(files.filter((name) => name.startsWith('quarterturn'))).toEqual([]);
    const ports = [...output.matchAll(/(?:localhost|127\.0\.0\.1):(\d+)/g)].map(([, port]) => port);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of new Set(ports)) {
      await expect(opens(Number(port))).resolves.toBe(false);
    }
  }
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

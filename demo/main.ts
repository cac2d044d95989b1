/** `npm start` and `npm run sandbox`: the whole product on one machine, without an AWS account or Docker. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { systemClock } from '../doors/clock.ts';
import { firstValues } from './chapters/first-values.ts';
import { programme } from './chapters/programme.ts';
import { Closing } from './closing.ts';
import { type Stage, type StageOptions, setStage } from './stage.ts';
import { invitation, whatToTryNext } from './terminal/invitation.ts';
import { liveShow } from './terminal/live.ts';
import { plainShow } from './terminal/plain.ts';
import type { Scene, Show } from './terminal/scene.ts';
import { ValueGuard } from './terminal/value-guard.ts';

/** The day of the release from which the cadence is counted, in the morning. */
const releaseDay = new Date('2025-11-18T09:00:00Z');

/**
 * Plays the demo, or one chapter of it.
 * @returns the exit code: 0 when every proof was read back, 1 when one failed, 128 + n after signal n
 */
export function playDemo(config: RotationConfig, chapterId?: string): Promise<number> {
  const chapters = programme(chapterId);
  return perform(async ({ guard, closing, show }) => {
    const started = systemClock.now();
    let stage: Stage | undefined;
    const onStage = (): Stage => {
      if (stage === undefined) {
        throw new RangeError('The stage is not set.');
      }
      return stage;
    };
    const clock = { start: releaseDay, mode: 'manual' } as const;
    await show.play([
      {
        title: 'The stage: a real PostgreSQL, and the synthesized stack in the sandbox',
        play: async (report) => {
          stage = await setStage({ config, clock, guard, onClose: closing.add }, report);
        },
      },
      ...chapters.map(
        ({ title, run }): Scene => ({
          title,
          play: (report) => run(onStage(), report),
        }),
      ),
    ]);
    const seconds = Math.round((systemClock.now().getTime() - started.getTime()) / 1000);
    return whatToTryNext(seconds);
  });
}

/** Sets the stage with a flowing clock and keeps it until Ctrl-C. */
export function keepRunning(config: RotationConfig, options: { port?: number }): Promise<number> {
  return perform(async ({ guard, closing, show, untilInterrupted }) => {
    let stage: Stage | undefined;
    const stageOptions: StageOptions = {
      config,
      clock: { start: systemClock.now(), mode: 'flowing' },
      guard,
      onClose: closing.add,
      ...(options.port !== undefined && { port: options.port }),
    };
    await show.play([
      {
        title: 'The sandbox',
        play: async (report) => {
          stage = await setStage(stageOptions, report);
        },
      },
      {
        title: firstValues.title,
        play: async (report) => {
          if (stage !== undefined) {
            await firstValues.run(stage, report);
          }
        },
      },
    ]);
    if (stage !== undefined) {
      const { sandbox, operator, operatorKey, directory } = stage;
      const tokenFile = join(directory, 'control-token');
      await writeFile(tokenFile, sandbox.controlToken, { mode: 0o600 });
      // Not through the guard: the operator's key opens this sandbox alone and ends with it.
      process.stdout.write(invitation({ sandbox, operator, operatorKey, tokenFile }));
      await untilInterrupted();
    }
    return undefined;
  });
}

interface Performance {
  guard: ValueGuard;
  closing: Closing;
  show: Show;
  /** Resolves at Ctrl-C, which then is how it was meant to end. */
  untilInterrupted(): Promise<void>;
}

/**
 * Runs `work`; whatever ends it, everything it opened is closed before the exit code is known.
 * @param work may return a last word, said when all is closed and went well
 */
async function perform(
  work: (performance: Performance) => Promise<string | undefined>,
): Promise<number> {
  // One line of our own, below, instead of eight a process.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const guard = new ValueGuard();
  const closing = new Closing();
  const say = (text: string) => void process.stdout.write(guard.mask(text));
  const show = process.stdout.isTTY
    ? liveShow(guard, process.stdout)
    : plainShow(guard, (text) => void process.stdout.write(text));
  if (Number(process.versions.node.split('.')[0]) < 22) {
    say(`Node ${process.versions.node} works; AWS SDK releases from January 2027 need Node 22.\n`);
  }
  const signals = listenForSignals();
  let code = 0;
  let lastWord: string | undefined;
  let waiting = false;
  const untilInterrupted = async () => {
    waiting = true;
    await signals.first;
  };
  try {
    const ended = work({ guard, closing, show, untilInterrupted });
    const end = await Promise.race([ended, signals.first]);
    if (typeof end === 'number') {
      code = waiting ? 0 : end;
      ended.catch(() => undefined);
      if (process.stdout.isTTY) {
        // The progress that was cut off had hidden the cursor.
        process.stdout.write('\u001b[?25h\n');
      }
    } else {
      lastWord = end;
    }
  } catch (error) {
    code = 1;
    process.stderr.write(guard.mask(`\n${messageOf(error)}\n`));
  } finally {
    await closing.close().catch((error: unknown) => {
      code ||= 1;
      process.stderr.write(guard.mask(`\nCould not close everything: ${messageOf(error)}\n`));
    });
    signals.ignore();
  }
  if (guard.withheld > 0) {
    process.stderr.write(`\n${guard.withheld} lines held a value that was withheld: a defect.\n`);
    code ||= 1;
  }
  if (code === 0 && lastWord !== undefined) {
    say(lastWord);
  }
  return code;
}

/** The first signal, or a closed pipe, as an exit code. Listening also keeps Node from exiting before all is closed. */
function listenForSignals(): { first: Promise<number>; ignore(): void } {
  let ignore = () => {};
  const first = new Promise<number>((resolve) => {
    const interrupt = () => resolve(130);
    const terminate = () => resolve(143);
    process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate);
    // `npm start | head`: nobody reads on. Node ignores SIGPIPE and reports the write; it stays heard to
    // the end, because what closes may still say something.
    process.stdout.on('error', () => resolve(141));
    ignore = () =>
      void process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate);
  });
  return { first, ignore };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

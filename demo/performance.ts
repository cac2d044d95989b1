/** What every play on this machine shares: a show, a guard of values, signals, and that all is closed at its end. */
import { Closing } from './closing.ts';
import { liveShow } from './terminal/live.ts';
import { plainShow } from './terminal/plain.ts';
import type { Show } from './terminal/scene.ts';
import { ValueGuard } from './terminal/value-guard.ts';

export interface Performance {
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
export async function perform(
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

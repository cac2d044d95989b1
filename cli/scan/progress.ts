/** How far a scan is: one line that is drawn over on a terminal, nothing in a pipe. */
import type { Clock } from '../../doors/clock.ts';
import type { Terminal } from '../command.ts';

export interface ScanProgress {
  read(bytes: number): void;
  /** The line is taken away. */
  done(): void;
}

const every = 500;
/** A clock is asked once in so many bytes. */
const step = 4 * 1024 * 1024;

export function scanProgress({ stream }: Terminal, json: boolean, clock: Clock): ScanProgress {
  if (stream === undefined || json) return { read: () => undefined, done: () => undefined };
  let [total, asked, drawn] = [0, 0, 0];
  return {
    read(bytes) {
      total += bytes;
      if (total - asked < step) return;
      asked = total;
      const now = clock.now().getTime();
      if (now - drawn < every) return;
      drawn = now;
      stream.write(`\r${(total / 1e6).toFixed(0)} MB read`);
    },
    done: () => void (drawn > 0 && stream.write('\r\u001b[K')),
  };
}

/** Log lines as a function writes them: the deployed logger, with what it does to fields. */
import { lambdaLog } from '../../doors/log.ts';
import type { LogLine } from '../in-process/rotation-world.ts';

const log = lambdaLog('leaks');

/** What standard output and standard error are given while `work` runs. */
export function written(work: () => void): string {
  const said: string[] = [];
  const { stdout, stderr } = process;
  const streams = [stdout, stderr].map((stream) => ({ stream, write: stream.write }));
  try {
    for (const { stream } of streams) {
      stream.write = ((chunk: string | Uint8Array) => {
        said.push(Buffer.from(chunk as string).toString());
        return true;
      }) as typeof stream.write;
    }
    work();
  } finally {
    for (const { stream, write } of streams) stream.write = write;
  }
  return said.join('');
}

export function logged(lines: readonly LogLine[]): string {
  return written(() => {
    for (const { level, event, fields } of lines) {
      log[level](event, fields as Parameters<typeof log.info>[1]);
    }
  });
}

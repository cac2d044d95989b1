/** What loading a bundle costs beyond Node itself: each in a process of its own, in turn with a bare one. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './measure.ts';

export interface DeployedFunction {
  room: string;
  /** Folder of its asset. */
  folder: string;
  /** As the template sets it. */
  environment: Readonly<Record<string, string>>;
}

export interface ColdStart {
  room: string;
  bytes: number;
  /** Median from the start of the process until the handler is there, less that of bare Node. */
  overNode: number;
  /** Median of the most memory the process held, in MiB. */
  peakMegabytes: number;
}

export interface ColdStarts {
  runs: number;
  bareMilliseconds: number;
  barePeakMegabytes: number;
  functions: readonly ColdStart[];
}

interface Sample {
  milliseconds: number;
  peakKilobytes: number;
}

export function measureColdStarts(
  functions: readonly DeployedFunction[],
  runs: number,
): ColdStarts {
  const bare: Sample[] = [];
  const samples = new Map<string, Sample[]>(functions.map(({ room }) => [room, []]));
  // In turn: what else the machine does meets all of them alike. The first round fills caches.
  for (let round = runs > 1 ? -1 : 0; round < runs; round++) {
    const keep = round >= 0;
    const sample = start([], {});
    if (keep) bare.push(sample);
    for (const { room, folder, environment } of functions) {
      const loaded = start([join(folder, 'index.mjs')], {
        ...environment,
        LAMBDA_TASK_ROOT: folder,
      });
      if (keep) samples.get(room)?.push(loaded);
    }
  }
  const milliseconds = (of: readonly Sample[]) => median(of.map((one) => one.milliseconds));
  const megabytes = (of: readonly Sample[]) => median(of.map((one) => one.peakKilobytes / 1024));
  return {
    runs,
    bareMilliseconds: milliseconds(bare),
    barePeakMegabytes: megabytes(bare),
    functions: functions.map(({ room, folder }) => ({
      room,
      bytes: statSync(join(folder, 'index.mjs')).size,
      overNode: milliseconds(samples.get(room) ?? []) - milliseconds(bare),
      peakMegabytes: megabytes(samples.get(room) ?? []),
    })),
  };
}

function start(args: readonly string[], environment: Readonly<Record<string, string>>): Sample {
  const script = join(import.meta.dirname, 'cold-start.mjs');
  const written = execFileSync(process.execPath, [script, ...args], {
    env: {
      PATH: '/usr/bin:/bin',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      ...environment,
    },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return JSON.parse(written) as Sample;
}

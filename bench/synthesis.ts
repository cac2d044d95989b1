/** How long a person waits for `npm run synth`: the process as it is run, offline, without validation. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RotationConfigInput } from '../domain/config/rotation-config.ts';
import { median } from './measure.ts';

export interface Synthesis {
  what: string;
  runs: number;
  milliseconds: number;
  resources: number;
}

const root = join(import.meta.dirname, '..');

/** `config` absent: the committed rotation.config.ts. */
export function measureSynthesis(
  what: string,
  runs: number,
  config?: RotationConfigInput,
): Synthesis {
  const directory = mkdtempSync(join(tmpdir(), 'quarterturn-bench-'));
  try {
    const file = join(directory, 'rotation.config.json');
    if (config !== undefined) writeFileSync(file, JSON.stringify(config));
    const samples: number[] = [];
    for (let run = 0; run < runs; run++) {
      const started = performance.now();
      execFileSync(
        process.execPath,
        ['--import', 'tsx', 'bin/app.ts', '--output', join(directory, `out-${run}`)],
        {
          cwd: root,
          env: {
            PATH: process.env.PATH ?? '',
            HOME: process.env.HOME ?? '',
            TMPDIR: directory,
            JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1',
            ...(config !== undefined && { QUARTERTURN_CONFIG: file }),
          },
          stdio: ['ignore', 'ignore', 'inherit'],
          timeout: 120_000,
        },
      );
      samples.push(performance.now() - started);
    }
    return {
      what,
      runs,
      milliseconds: median(samples),
      resources: resourcesIn(join(directory, 'out-0')),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function resourcesIn(assembly: string): number {
  return readdirSync(assembly)
    .filter((name) => name.endsWith('.template.json'))
    .map((name) => JSON.parse(readFileSync(join(assembly, name), 'utf8')) as { Resources: object })
    .reduce((sum, { Resources }) => sum + Object.keys(Resources).length, 0);
}

/** A deployment of so many signing secrets, alike but for their names. */
export function manySecrets(count: number): RotationConfigInput {
  const secret = {
    kind: 'jwt' as const,
    field: 'JWT_SECRET',
    bits: 512 as const,
    encoding: 'base64' as const,
    cadenceDays: 180,
    readers: 'keyset' as const,
    longestToken: '30d',
  };
  const keys = Array.from({ length: count }, (_, index) => `jwt${index + 1}`);
  return {
    name: 'bench',
    environment: 'prod',
    region: 'eu-west-1',
    secrets: Object.fromEntries(keys.map((key) => [key, secret])),
    consumers: [{ name: 'api', reads: keys }],
  };
}

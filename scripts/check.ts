/**
 * `npm run check`: format, lint, types and walls at once, each with its time, failures with what they printed.
 * Exits with 1 when one of them fails.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = (file: string, ...args: string[]) => [join(root, 'node_modules', file), ...args];
const rooms = [
  ...['bench', 'bin', 'cli', 'client', 'demo', 'domain', 'doors', 'examples', 'lambdas', 'lib'],
  ...['rotation.config.ts', 'sandbox', 'scripts', 'test'],
];

/** Each runs Node itself: a wrapper such as npx costs half a second and hides the exit code of its child. */
const checks: Record<string, string[]> = {
  format: node('@biomejs/biome/bin/biome', 'format', '.'),
  lint: node('@biomejs/biome/bin/biome', 'lint', '--error-on-warnings', '.'),
  // The native compiler, in a third of the time; packages and walls need the API, which it lacks.
  types: node('typescript-7/bin/tsc', '--noEmit', '--pretty', 'false'),
  walls: node(
    'dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.mjs',
    ...rooms.filter((room) => existsSync(join(root, room))),
  ),
};

interface Outcome {
  name: string;
  failed: boolean;
  output: string;
}

function run(name: string, args: string[]): Promise<Outcome> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => {
      output += error.message;
    });
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const failed = code !== 0;
      console.log(`${failed ? 'FAILED' : 'ok    '}  ${name.padEnd(8)} ${seconds.padStart(5)} s`);
      resolve({ name, failed, output });
    });
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => checks[name] === undefined);
if (unknown.length > 0) {
  console.error(`no check "${unknown.join('", "')}"; there are ${Object.keys(checks).join(', ')}`);
  process.exit(2);
}
const outcomes = await Promise.all(
  Object.entries(checks)
    .filter(([name]) => wanted.length === 0 || wanted.includes(name))
    .map(([name, args]) => run(name, args)),
);
for (const { name, output } of outcomes.filter(({ failed }) => failed)) {
  console.log(`\n── ${name} ──\n${output.trimEnd()}`);
}
process.exitCode = outcomes.some(({ failed }) => failed) ? 1 : 0;

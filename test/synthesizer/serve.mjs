/**
 * Runs `bin/app.ts` for one test file after the other, in one process: the CDK is loaded and compiled once,
 * and a synthesis takes a fifth of what it takes in a process of its own. Started by the global setup on a
 * socket only its account can open; ends with whoever started it. Nothing is loaded before somebody asks.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { format, inspect } from 'node:util';

const app = join(import.meta.dirname, '..', '..', 'bin', 'app.ts');
const socket = process.argv[2];
let asked = 0;
/** One at a time: the app reads its configuration from the environment. */
let turn = Promise.resolve();

const server = createServer((request, response) => {
  turn = turn.then(async () => {
    const complaint = await json(request)
      .then(synthesize)
      .catch((error) => inspect(error));
    response.writeHead(complaint === undefined ? 200 : 500).end(complaint);
  });
});
server.listen(socket, () => console.log('listening'));
process.stdin.resume().once('close', () => {
  rmSync(socket, { force: true });
  process.exit();
});

/** @returns what it complained of; undefined when it succeeded */
async function synthesize({ configuration, output }) {
  if (asked === 0) (await import('tsx/esm/api')).register();
  process.env.QUARTERTURN_CONFIG = configuration;
  process.argv = [process.execPath, app, '--output', output];
  process.exitCode = 0;
  const complaints = [];
  const { error } = console;
  console.error = (...said) => complaints.push(format(...said));
  try {
    asked += 1;
    await import(`${app}?asked=${asked}`);
  } finally {
    console.error = error;
  }
  const failed = process.exitCode !== 0;
  process.exitCode = 0;
  return failed ? complaints.join('\n') : undefined;
}

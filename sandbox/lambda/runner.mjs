/**
 * Runs one Lambda function in a process of its own. Plain JavaScript, because this process has no loader
 * and nothing of its parent. Invocations come over IPC, one at a time; what the function prints goes to
 * its pipes, each invocation ended by a mark, so that the parent has every line before the answer.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const MachineDate = Date;
let offset = Number(process.argv[2]);

/** Functions live by the sandbox's clock: `Date` without arguments, `Date.now` and `Date()` are shifted. */
const now = () => MachineDate.now() + offset;
const ShiftedDate = new Proxy(MachineDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new MachineDate(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
});
MachineDate.prototype.constructor = ShiftedDate;
globalThis.Date = ShiftedDate;

async function loadHandler() {
  const handler = process.env._HANDLER;
  const dot = handler.lastIndexOf('.');
  const stem = join(process.env.LAMBDA_TASK_ROOT, handler.slice(0, dot));
  const file = ['.mjs', '.js', '.cjs'].map((end) => stem + end).find(existsSync);
  if (file === undefined) {
    throw named('Runtime.ImportModuleError', `Cannot find module '${handler.slice(0, dot)}'`);
  }
  const module = await import(pathToFileURL(file).href);
  const name = handler.slice(dot + 1);
  const found = module[name] ?? module.default?.[name];
  if (typeof found !== 'function') {
    throw named('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  }
  return found;
}

function named(name, message) {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** As the runtime of AWS answers an error (Lambda developer guide, "Handling Lambda function errors"). */
function describe(error) {
  return error instanceof Error
    ? {
        errorType: error.name,
        errorMessage: error.message,
        trace: String(error.stack ?? '').split('\n'),
      }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };
}

const loaded = loadHandler().then(
  (handler) => ({ handler }),
  (error) => ({ error }),
);

process.on('message', async ({ id, event, context, clockOffset, timeout }) => {
  offset = clockOffset;
  const { handler, error } = await loaded;
  let answer;
  if (error !== undefined) {
    answer = { id, error: JSON.stringify(describe(error)) };
  } else {
    process.send({ id, started: true });
    const end = performance.now() + timeout;
    const getRemainingTimeInMillis = () => Math.max(0, Math.round(end - performance.now()));
    try {
      const result = await handler(JSON.parse(event), { ...context, getRemainingTimeInMillis });
      answer = { id, result: JSON.stringify(result) ?? 'null' };
    } catch (thrown) {
      console.error(thrown);
      answer = { id, error: JSON.stringify(describe(thrown)) };
    }
  }
  process.stdout.write(`\u0000end ${id}\n`);
  process.stderr.write(`\u0000end ${id}\n`);
  process.send(answer);
});

process.on('disconnect', () => process.exit(0));

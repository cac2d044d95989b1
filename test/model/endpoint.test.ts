/** The same commands over HTTP, signed, against AWS_ENDPOINT_URL or a sandbox of our own: the labels are the model's there, too. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { Endpoint, namedEndpoint } from './endpoint.ts';
import { EndpointRun } from './endpoint-run.ts';
import { apiCommands, type Command } from './label-commands.ts';

const seed = Number(process.env.SEED ?? 20_260_517);
const numRuns = Number(process.env.RUNS ?? (isFull ? 60 : 2));
const counted = { sequences: 0, commands: 0, bad: 0 };
let endpoint: Endpoint;

beforeAll(async () => {
  endpoint = await Endpoint.open(process.env);
}, 60_000);
afterAll(async () => {
  await endpoint?.close();
  recordFigures('model-endpoint', seed, counted);
}, 60_000);

class EndpointCommand implements fc.AsyncCommand<object, EndpointRun> {
  readonly #command: Command;

  constructor(command: Command) {
    this.#command = command;
  }

  check(): boolean {
    return true;
  }

  async run(_model: object, run: EndpointRun): Promise<void> {
    if (run.takes(this.#command)) {
      counted.commands++;
      await run.take(this.#command);
    }
  }

  toString(): string {
    return JSON.stringify(this.#command);
  }
}

test('every answer and every state is one the model allows', async () => {
  const commands = fc.commands(
    [fc.oneof(...apiCommands).map((command) => new EndpointCommand(command))],
    { maxCommands: 60, size: 'max' },
  );
  const property = fc.asyncProperty(commands, async (drawn) => {
    counted.sequences++;
    const run = await EndpointRun.begin(endpoint);
    await fc.asyncModelRun(() => ({ model: {}, real: run }), drawn);
  });
  const details = await fc.check(property, { seed, numRuns });
  counted.bad += details.failed ? 1 : 0;
  expect(
    details.failed ? `${details.errorInstance}\n${fc.defaultReportMessage(details)}` : '',
  ).toBe('');
}, 1_800_000);

test('what was made is deleted, and nothing else can be asked about', async () => {
  const { name } = await endpoint.make({ op: 'create', token: '0'.repeat(32), value: 'a' });
  expect(await endpoint.ask(name, { op: 'describe' })).toHaveProperty('ok');
  expect(await endpoint.clean()).toContain(name);
  await expect(endpoint.ask(name, { op: 'describe' })).rejects.toThrow('was not made by this run');
  await expect(endpoint.ask('prod/db', { op: 'delete' })).rejects.toThrow('Nothing was sent');
});

test.each([
  'https://secretsmanager.eu-west-1.amazonaws.com',
  'http://127.0.0.1.example.com:4566',
  'http://10.0.0.1',
])('%s is refused in words, unless its host is named again', (AWS_ENDPOINT_URL) => {
  const { hostname } = new URL(AWS_ENDPOINT_URL);
  expect(() => namedEndpoint({ AWS_ENDPOINT_URL })).toThrow(`MODEL_ENDPOINT_HOST=${hostname}`);
  expect(() => namedEndpoint({ AWS_ENDPOINT_URL, MODEL_ENDPOINT_HOST: 'other' })).toThrow();
  expect(namedEndpoint({ AWS_ENDPOINT_URL, MODEL_ENDPOINT_HOST: hostname })).toBe(AWS_ENDPOINT_URL);
});

test('an address of this machine is taken as it is', () => {
  expect(namedEndpoint({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' })).toBeDefined();
  expect(namedEndpoint({})).toBeUndefined();
});

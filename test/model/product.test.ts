/** The product keeps its promises whatever is asked of it, in whatever order, and whatever fails meanwhile. */
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { type ProductCommand, productCommands } from './product-commands.ts';
import { ProductRun } from './product-run.ts';
import { type Kind, kinds } from './product-targets.ts';

const seed = Number(process.env.SEED ?? 20_260_517);
const numRuns = Number(process.env.RUNS ?? (isFull ? 150 : 2));
const counted = { sequences: 0, commands: 0, bad: 0 };

afterAll(() => recordFigures('model-product', seed, counted));

class Given implements fc.AsyncCommand<object, ProductRun> {
  readonly #command: ProductCommand;

  constructor(command: ProductCommand) {
    this.#command = command;
  }

  check(): boolean {
    return true;
  }

  async run(_model: object, run: ProductRun): Promise<void> {
    counted.commands++;
    await run.take(this.#command);
  }

  toString(): string {
    return JSON.stringify(this.#command);
  }
}

/** Two commands are enough to meet what a check of the product's keeps from happening: each of these does in every run. */
const short: Readonly<Record<string, readonly ProductCommand[]>> = {
  'abandon pins what the target accepts': [
    { do: 'half', done: 'testSecret' },
    { do: 'abandon', cancelled: true },
  ],
  'preempt pins what the target accepts': [
    { do: 'half', done: 'setSecret' },
    { do: 'machine', intent: 'rollback', dies: false },
  ],
  'setSecret meets the lease of another': [
    { do: 'half', done: 'createSecret' },
    { do: 'machine', intent: 'emergency', dies: true },
    { do: 'step', step: 'setSecret', token: 'pending' },
  ],
  'setSecret meets another AWSCURRENT': [
    { do: 'half', done: 'createSecret' },
    { do: 'moveBack' },
    { do: 'step', step: 'setSecret', token: 'pending' },
  ],
  'finishSecret meets another AWSCURRENT': [
    { do: 'half', done: 'testSecret' },
    { do: 'moveBack' },
    { do: 'step', step: 'finishSecret', token: 'pending' },
  ],
  'testSecret before setSecret': [
    { do: 'half', done: 'createSecret' },
    { do: 'step', step: 'testSecret', token: 'pending' },
  ],
  'finishSecret before testSecret': [
    { do: 'half', done: 'setSecret' },
    { do: 'step', step: 'finishSecret', token: 'pending' },
  ],
  'a key that was published and one that signs stay': [
    { do: 'rotate', intent: 'planned', followed: true },
    { do: 'rotate', intent: 'activate', followed: false },
    { do: 'rotate', intent: 'planned', followed: true },
  ],
  'regression: a version somebody moved back to takes no date from what it does not follow': [
    { do: 'moveBack' },
    { do: 'resume', step: 'finishSecret' },
    { do: 'edit' },
    { do: 'machine', intent: 'rollback', dies: false },
  ],
  'regression: a function that is killed at its first call is over': [
    { do: 'fault', at: 'createSecret/secretsManager.describe', kind: 'diedBefore' },
    { do: 'rotate', intent: 'planned', followed: true },
  ],
};

describe.each(Object.entries(short))('%s', (_name, commands) => {
  test.each(kinds)('%s', async (kind) => {
    const run = await ProductRun.begin(kind);
    try {
      for (const command of commands) await run.take(command);
      await run.recover();
    } finally {
      run.world.stop();
    }
  });
});

test.each(kinds)(
  '%s: no sequence breaks an invariant',
  async (kind: Kind) => {
    const commands = fc.commands([productCommands.map((command) => new Given(command))], {
      maxCommands: 60,
      size: 'max',
    });
    const property = fc.asyncProperty(commands, async (drawn) => {
      counted.sequences++;
      const run = await ProductRun.begin(kind);
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: run }), drawn);
        await run.recover();
      } finally {
        run.world.stop();
      }
    });
    const details = await fc.check(property, { seed, numRuns });
    counted.bad += details.failed ? 1 : 0;
    expect(
      details.failed ? `${details.errorInstance}\n${fc.defaultReportMessage(details)}` : '',
    ).toBe('');
  },
  1_800_000,
);

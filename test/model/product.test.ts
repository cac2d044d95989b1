/** The product keeps its promises whatever is asked of it, in whatever order, and whatever fails meanwhile. */
import { afterAll, expect, test } from '@jest/globals';
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

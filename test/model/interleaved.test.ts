/** Requests that overtake each other are answered as if they had come one after the other. */
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { InterleavedRun } from './interleaved.ts';
import { allCommands, type Command } from './label-commands.ts';
import { beginnings } from './sequential.ts';

const seed = Number(process.env.SEED ?? 20_260_517);
const numRuns = Number(process.env.RUNS ?? (isFull ? 1_000 : 25));
const counted = { sequences: 0, commands: 0, bad: 0 };

afterAll(() => recordFigures('model-interleaved', seed, counted));

class OverlappingCommand implements fc.AsyncCommand<object, InterleavedRun> {
  readonly #command: Command;

  constructor(command: Command) {
    this.#command = command;
  }

  check(): boolean {
    // Time stands still here: the sequential runs move it.
    return this.#command.do !== 'wait';
  }

  async run(_model: object, run: InterleavedRun): Promise<void> {
    counted.commands++;
    run.give(this.#command);
  }

  toString(): string {
    return JSON.stringify(this.#command);
  }
}

test('some order of what overlapped explains every answer and the end', async () => {
  const commands = fc.commands(
    [fc.oneof(...allCommands).map((command) => new OverlappingCommand(command))],
    { maxCommands: 20, size: 'max' },
  );
  const property = fc.asyncProperty(
    beginnings.filter(({ secret }) => secret !== 'crowded'),
    commands,
    fc.scheduler(),
    async (beginning, drawn, scheduler) => {
      counted.sequences++;
      const run = await InterleavedRun.begin(beginning, scheduler);
      try {
        await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: run }), drawn);
        await run.end();
      } finally {
        run.account.clock.stop();
      }
    },
  );
  const details = await fc.check(property, { seed, numRuns });
  counted.bad += details.failed ? 1 : 0;
  expect(
    details.failed ? `${details.errorInstance}\n${fc.defaultReportMessage(details)}` : '',
  ).toBe('');
}, 1_800_000);

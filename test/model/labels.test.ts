/** Secrets Manager of the sandbox does what AWS's pages say of labels, whatever is asked of it in whatever order. */
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { allCommands } from './label-commands.ts';
import { beginnings, counted, LabelCommand, SequentialRun } from './sequential.ts';

const seed = Number(process.env.SEED ?? 20_260_517);
const numRuns = Number(process.env.RUNS ?? (isFull ? 2_000 : 60));
let bad = 0;

afterAll(() => recordFigures('model-labels', seed, { ...counted, bad }));

test('every answer and every state is one the model allows', async () => {
  const commands = fc.commands(
    [fc.oneof(...allCommands).map((command) => new LabelCommand(command))],
    { maxCommands: 60, size: 'max' },
  );
  const property = fc.asyncProperty(beginnings, commands, async (beginning, drawn) => {
    counted.sequences++;
    const run = await SequentialRun.begin(beginning);
    try {
      await fc.asyncModelRun(() => ({ model: run.branches, real: run }), drawn);
    } finally {
      run.account.clock.stop();
    }
  });
  const details = await fc.check(property, { seed, numRuns });
  bad += details.failed ? 1 : 0;
  expect(
    details.failed ? `${details.errorInstance}\n${fc.defaultReportMessage(details)}` : '',
  ).toBe('');
}, 1_800_000);

/** Maintenance mode: does somebody say that nothing reads or writes any more? */
import type { Tools } from '../doors.ts';
import { assertStillOurs } from '../records.ts';
import { type Begun, begunSchema } from './progress.ts';

export async function consumers(tools: Tools, execution: string, given: unknown): Promise<Begun> {
  const progress = begunSchema.parse(given);
  await assertStillOurs(tools, execution, progress);
  const record = await tools.controlTable.getConsumers(tools.deployed.secretName);
  return {
    ...progress,
    consumersStopped: record?.stopped === true,
    polls: progress.polls + 1,
  };
}

/**
 * Maintenance mode: does somebody say that nothing reads or writes any more? Only what was said since this
 * maintenance is due counts: consumers that were stopped for an earlier one run again.
 */
import type { Tools } from '../doors.ts';
import { assertStillOurs } from '../records.ts';
import { type Begun, begunSchema } from './progress.ts';

export async function consumers(tools: Tools, execution: string, given: unknown): Promise<Begun> {
  const progress = begunSchema.parse(given);
  const { dueSince, at } = await assertStillOurs(tools, execution, progress);
  const said = await tools.controlTable.getConsumers(tools.deployed.secretName);
  return {
    ...progress,
    consumersStopped: said?.stopped === true && Date.parse(said.at) >= Date.parse(dueSince ?? at),
    polls: progress.polls + 1,
  };
}

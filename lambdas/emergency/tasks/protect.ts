/** Which secrets change now: what is exposed first, all at once; everything else after them. */

import * as z from 'zod';
import type { EmergencySecretRecord, EmergencyStage } from '../../../domain/events/emergency.ts';
import { isProvenDead } from '../../../domain/policy/proven-dead.ts';
import type { EmergencyDoors } from '../doors.ts';
import { StageIncompleteError } from '../errors.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { emergencyOf, keysOf, personFor, secretOf } from '../secrets.ts';
import { closeStage, evidenceOf, isOver, openStage } from '../stages.ts';

export type Listed = Progress & {
  stage: EmergencyStage;
  /** Keys. */
  secrets: readonly string[];
  among: number;
};

const list =
  (stage: 'protect' | 'protectOthers', of: 'exposed' | 'others') =>
  async (doors: EmergencyDoors, _execution: string, given: unknown): Promise<Listed> => {
    const { id, drill } = progressSchema.parse(given);
    const record = await emergencyOf(doors, id);
    const answer = { id, drill, stage, among: keysOf(record).length };
    if (isOver(await openStage(doors, id, stage))) return { ...answer, secrets: [] };
    return { ...answer, secrets: record[of] };
  };

export const protect = list('protect', 'exposed');
export const protectOthers = list('protectOthers', 'others');

const endedSchema = progressSchema.extend({ stage: z.enum(['protect', 'protectOthers']) });

export async function secretsEnded(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<Progress & { stage: EmergencyStage }> {
  const { id, drill, stage } = endedSchema.parse(given);
  const answer = { id, drill, stage };
  if (isOver(await doors.records.getStage(id, stage))) return answer;
  const found = (await doors.records.getSecrets(id)).filter(
    ({ exposed }) => exposed === (stage === 'protect'),
  );
  if (found.length === 0) {
    const reason = 'nobody asked for the other secrets to change, or there are none';
    await closeStage(doors, id, stage, { state: 'skipped', reason });
    return answer;
  }
  const manifest = await doors.manifest();
  // Whose readers a person stops can be changed here then; what nothing here can change is in the report.
  const waits = ({ key, state }: EmergencySecretRecord) =>
    !drill && state === 'person' && personFor(secretOf(manifest, key), manifest) === undefined;
  const failed = found.filter((secret) => !ended.has(secret.state) || waits(secret));
  const notDead = found.filter(
    ({ state, evidence }) => state === 'proven' && !isProvenDead(evidence),
  );
  const count = (state: EmergencySecretRecord['state']) =>
    found.filter((secret) => secret.state === state).length;
  const evidence = [
    evidenceOf('secretsChanged', {
      proven: count('proven') - notDead.length,
      ...(notDead.length > 0 && { notProvenDead: notDead.length }),
      person: count('person'),
      checked: count('checked'),
      failed: failed.length,
    }),
  ];
  await doors.records.updateStage(id, stage, (standing) => standing && { ...standing, evidence });
  const open = [
    ...failed.map(({ key, state, reason }) => `${key}: ${reason ?? state}`),
    ...notDead.map(
      ({ key }) =>
        `${key}: replaced, and what was in use before is not proven dead; expected every place to refuse it. Mend what its evidence names, then go on under the same id: it is changed once more`,
    ),
  ];
  if (open.length > 0) throw new StageIncompleteError(open.join('; ').slice(0, 1024));
  await closeStage(doors, id, stage, { state: 'done', evidence });
  return answer;
}

const ended: ReadonlySet<EmergencySecretRecord['state']> = new Set(['proven', 'person', 'checked']);

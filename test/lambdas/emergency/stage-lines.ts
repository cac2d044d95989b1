import type { EmergencyStage } from '../../../domain/events/emergency.ts';
import { id } from './deployment.ts';
import type { world } from './world.ts';

type World = ReturnType<typeof world>;

/** Each stage in one line: its state, its evidence, and why. */
export async function stagesOf({ records }: World) {
  return Object.fromEntries(
    (await records.getStages(id)).map(({ stage, state, evidence, reason }) => [
      stage,
      [
        state,
        ...evidence.map(({ fact, detail = {} }) =>
          [fact, ...Object.entries(detail).map(([key, value]) => `${key}=${value}`)].join(' '),
        ),
        ...(reason === undefined ? [] : [`because ${reason}`]),
      ],
    ]),
  );
}
export const stageOf = async (around: World, stage: EmergencyStage) =>
  (await stagesOf(around))[stage];

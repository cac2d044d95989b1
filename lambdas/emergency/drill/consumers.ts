/** What a drill does about consumers: the rollout function looks at what is deployed, and each is asked whether it is well. */
import { isRotated, type Manifest } from '../../../domain/config/manifest.ts';
import type { Evidence } from '../../../domain/events/control-records.ts';
import { consumerPostureFoundSchema } from '../../../domain/events/operator-requests.ts';
import { type HealthQuestion, healthAnswerSchema } from '../../../domain/events/rollout.ts';
import { expectedInUse } from '../../../domain/policy/expected-in-use.ts';
import { currentVersion } from '../../../domain/policy/labels.ts';
import type { EmergencyDoors } from '../doors.ts';
import { nameOf } from '../name-of.ts';
import { evidenceOf } from '../stages.ts';

type Doors = Pick<EmergencyDoors, 'functions' | 'secretsManager' | 'controlTable'>;

export async function consumersLooked(
  doors: Doors,
  manifest: Manifest,
  names: readonly string[],
): Promise<Evidence[]> {
  const { rollout } = manifest;
  if (rollout === undefined) return [];
  return Promise.all(
    names.map(async (consumer) => {
      try {
        const { looked, unchecked } = consumerPostureFoundSchema.parse(
          await doors.functions.invoke(rollout.function, { operation: 'posture', consumer }),
        );
        const detail = looked ?? unchecked[0];
        return evidenceOf('consumerLooked', { consumer, detail });
      } catch (error) {
        return evidenceOf('consumerLooked', { ok: false, consumer, detail: nameOf(error) });
      }
    }),
  );
}

/** With what is in use now: a consumer that is not well today would not be well in an emergency. */
export async function consumersAsked(
  doors: Doors,
  manifest: Manifest,
  names: readonly string[],
): Promise<Evidence[]> {
  const asked = manifest.consumers.filter(
    ({ name, health }) => names.includes(name) && health !== undefined,
  );
  return Promise.all(
    asked.map(async ({ name: consumer, reads, health = '' }) => {
      try {
        const question = await questionFor(doors, manifest, consumer, reads);
        if (question === undefined) {
          return evidenceOf('consumerNotAsked', {
            consumer,
            detail: 'none of its secrets rotates',
          });
        }
        const { healthy, proof, looks } = healthAnswerSchema.parse(
          await doors.functions.invoke(health, question),
        );
        const bad = looks.find(({ ok }) => !ok);
        return evidenceOf('consumerAsked', {
          ok: healthy,
          consumer,
          proof,
          detail: bad && `${bad.name}: ${bad.found}`,
        });
      } catch (error) {
        return evidenceOf('consumerAsked', { ok: false, consumer, detail: nameOf(error) });
      }
    }),
  );
}

async function questionFor(
  { secretsManager, controlTable }: Doors,
  { secrets }: Manifest,
  consumer: string,
  reads: readonly string[],
): Promise<HealthQuestion | undefined> {
  const secret = secrets.filter(isRotated).find(({ key }) => reads.includes(key));
  if (secret === undefined) return undefined;
  const stages = (await secretsManager.describe(secret.name)).versionIdsToStages;
  const versionId = currentVersion(stages) ?? '';
  const after = await controlTable.getAfterRotation(secret.name, versionId);
  return { consumer, expected: expectedInUse(secret, after ?? { versionId }) };
}

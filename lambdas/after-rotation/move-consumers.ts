/**
 * Maintenance mode without a hook: the consumers of the secret that ECS or Kubernetes run are stopped and started by
 * the rollout function, which remembers what they ran with. Asked again, by the machine, until it is done.
 */
import type { Manifest } from '../../domain/config/manifest.ts';
import { consumersStoppedSchema, type StopConsumers } from '../../domain/events/rollout.ts';
import type { AfterRotationDoors } from './doors.ts';
import { ConsumersMovingError, ConsumersNotMovedError } from './errors.ts';
import { rotatingSecret } from './rotating-secret.ts';

const canBeStopped = (restart: string | undefined): boolean =>
  restart !== undefined && /^(ecs|kubernetes) /.test(restart);

/**
 * @returns true: everybody who reads the secret is stopped, or started. false: a person has to see to it, because
 *   nothing here stops one of them
 * @throws ConsumersMovingError, ConsumersNotMovedError
 */
export async function moveConsumers(
  doors: Pick<AfterRotationDoors, 'manifest' | 'functions' | 'log' | 'controlTable'>,
  execution: string,
  secretName: string,
  operation: StopConsumers['operation'],
): Promise<boolean> {
  const { functions, log } = doors;
  const deployed = await doors.manifest();
  const { key } = rotatingSecret(deployed, secretName);
  const readers = deployed.consumers.filter(({ reads }) => reads.includes(key));
  const movable = readers.filter(({ restart }) => canBeStopped(restart)).map(({ name }) => name);
  if (deployed.rollout === undefined || movable.length === 0) {
    return false;
  }
  const kept =
    operation === 'start' ? await stoppedForOthers(doors, deployed, key) : new Set<string>();
  const consumers = movable.filter((name) => !kept.has(name));
  if (consumers.length < movable.length) {
    log.info('consumers-kept', { secret: secretName, consumers: [...kept] });
  }
  if (consumers.length === 0) return true;
  const request: StopConsumers = { operation, consumers, by: execution };
  const answer = consumersStoppedSchema.parse(
    await functions.invoke(deployed.rollout.function, request),
  );
  log.info('consumers', { secret: secretName, operation, done: answer.done });
  const told = (state: string) =>
    answer.consumers
      .filter((consumer) => consumer.state === state)
      .map(({ consumer, detail }) => `${consumer}: ${detail}`)
      .join('; ')
      .slice(0, 640);
  if (!answer.done) {
    throw new ConsumersMovingError(operation, told('underWay'));
  }
  if (answer.consumers.some(({ state }) => state === 'failed')) {
    throw new ConsumersNotMovedError(operation, told('failed'));
  }
  return (
    movable.length === readers.length && answer.consumers.every(({ state }) => state === 'reached')
  );
}

/**
 * Whom the maintenance of another secret has stopped: started now, they would write rows that are being rewritten,
 * under a key that is about to be replaced. That one starts them when it is over.
 */
async function stoppedForOthers(
  { controlTable }: Pick<AfterRotationDoors, 'controlTable'>,
  { secrets, consumers }: Manifest,
  key: string,
): Promise<ReadonlySet<string>> {
  const kept = new Set<string>();
  for (const secret of secrets) {
    const rows = secret.kind === 'encryption' ? secret.reencryption : undefined;
    if (secret.key === key || rows?.mode !== 'maintenance') continue;
    if ((await controlTable.getConsumers(secret.name))?.stopped !== true) continue;
    for (const { name, reads } of consumers) if (reads.includes(secret.key)) kept.add(name);
  }
  return kept;
}

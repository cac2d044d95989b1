import { deploymentDimension } from '../../domain/config/names.ts';
import type { AfterRotationDoors } from './doors.ts';
import { ConsumersHookError } from './errors.ts';
import { rotatingSecret } from './rotating-secret.ts';

/**
 * At least once: an answer that was lost is asked for again.
 * @returns false: there is no hook, a person does it
 * @throws ConsumersHookError
 */
export async function askHook(
  { manifest, consumersHook, log }: Pick<AfterRotationDoors, 'manifest' | 'consumersHook' | 'log'>,
  execution: string,
  secretName: string,
  event: 'stop' | 'start',
): Promise<boolean> {
  const deployed = await manifest();
  const secret = rotatingSecret(deployed, secretName);
  const url = secret.kind === 'encryption' ? secret.reencryption?.consumersHook : undefined;
  if (url === undefined) {
    return false;
  }
  const deployment = deploymentDimension(deployed);
  const answer = await consumersHook.ask(url, { event, secret: secretName, deployment, execution });
  log.info('consumers-hook', { secret: secretName, event, answer: String(answer) });
  if (typeof answer === 'string' || answer < 200 || answer > 299) {
    throw new ConsumersHookError(secretName, event, answer);
  }
  return true;
}

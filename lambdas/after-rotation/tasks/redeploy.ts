/**
 * After a rollback, before consumers are restarted: whoever deploys the application is told, and may redeploy the
 * release from before. Signed; told again after a lost answer, under the same id.
 */
import { deploymentDimension } from '../../../domain/config/names.ts';
import { SigningKeyError, WebhookUnreachableError } from '../../../doors/webhook.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { RedeployError } from '../errors.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { assertStillOurs } from '../still-ours.ts';

export async function redeploy(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { redeploy: hook, clock, log } = doors;
  const { secretName, versionId, basedOn } = progress;
  if (hook === undefined) return progress;
  const { host } = new URL(hook.url);
  const key = await hook.key();
  if (key === undefined) {
    throw new RedeployError(host, 'was not told, because its signing secret has no value');
  }
  const at = clock.now();
  const status = await hook.webhook
    .send({
      url: hook.url,
      id: `rolledback_${versionId}`,
      at,
      key,
      body: {
        type: 'rotation.rolledBack',
        timestamp: at.toISOString(),
        data: {
          deployment: deploymentDimension(await doors.manifest()),
          secret: secretName,
          versionId,
          ...(basedOn !== null && { rolledBackFrom: basedOn }),
        },
      },
    })
    .catch((error: unknown) => {
      throw error instanceof WebhookUnreachableError || error instanceof SigningKeyError
        ? new RedeployError(host, `could not be told (${error.code})`)
        : error;
    });
  log.info('redeploy', { secret: secretName, versionId, host, status });
  if (status < 200 || status > 299) throw new RedeployError(host, `answered ${status}`);
  return {
    ...progress,
    redeployed: { evidence: [{ fact: 'redeployAsked', detail: { host, status } }] },
  };
}

/** Why nothing is heard: what a rotation waits for, in words for whoever sits there. */
import type { RolloutRecord } from '../../domain/events/rollout.ts';
import { pendingVersion } from '../../domain/policy/labels.ts';
import { type Following, stepNames } from './happening.ts';
import type { Look } from './look.ts';

/** Undefined: whoever works on it is alive, and there is nothing to add to what was told. */
export function waitsFor(
  { description, record, after, live, rollouts, activation }: Look,
  { secret, token }: Pick<Following, 'secret' | 'token'>,
  promoted: boolean,
): string | undefined {
  if (!promoted) {
    if (pendingVersion(description.versionIdsToStages) !== token) {
      return `AWSPENDING is not on ${token} yet: Secrets Manager has not begun, or has given it up.`;
    }
    const step = stepNames.find((name) => record?.steps[name] === undefined);
    return record === undefined
      ? `Secrets Manager has begun, and nothing is recorded of createSecret yet. It invokes ${secret.function} and tries again by itself. A function that cannot be invoked leaves no line in its log: look at its concurrency, its network, and its resource policy (secretsmanager.amazonaws.com).`
      : `${step ?? 'finishSecret'} has not answered yet; a step takes two minutes at most, and is tried again.`;
  }
  if (after === undefined || after.state === 'due') {
    return 'No execution has taken its AfterRotation up yet: the event "Secret Label Updated" does, within a minute as a rule; one that was lost the schedule replaces within the hour.';
  }
  if (after.state === 'running' && !live) {
    return 'Its AfterRotation is recorded as running, and its execution is not alive; the schedule starts it again within the hour.';
  }
  const [consumer] = rollouts.filter(({ state }) => state in bounds);
  if (consumer !== undefined) return `${consumer.consumer} ${bounds[consumer.state]}.`;
  const { readerCacheSeconds } = secret;
  const key = after.publishedKid;
  if (key !== undefined && activation === undefined) {
    return `Key ${key} is published; it is activated when every reader has read it (readers' bound: ${readerCacheSeconds} s).`;
  }
  const isUsed = rollouts.some(({ round }) => round === 'use');
  return isUsed && !rollouts.some(({ round }) => round === 'confirm')
    ? `Who reads again by itself has ${readerCacheSeconds} s for it (readers' bound); then every consumer is asked once more.`
    : undefined;
}

/** What a consumer that is under way is given time for; the bounds stand in the configuration, not in the manifest. */
const bounds: { readonly [State in RolloutRecord['state']]?: string } = {
  waiting: 'is had by the rotation of another secret, or has just been begun with',
  restarting:
    'is to be restarted, and its platform has not begun yet; it has until `steadyWithin` (15 minutes by default)',
  steadying:
    'was restarted and is not steady yet; it has until `steadyWithin` (15 minutes by default)',
  probing:
    'is asked until it is well several times in a row; it has until `health.within` (5 minutes by default)',
};

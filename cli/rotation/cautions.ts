/** What a person should know before this rotation, and may not want then: announced, and on a terminal asked. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { freezeAt } from '../../domain/policy/freeze.ts';
import { scheduleOf } from '../../doors/secret-facts.ts';
import type { OpenDeployment, Terminal } from '../command.ts';
import { commandsFor } from '../status/commands.ts';

/** @returns false: somebody was asked, and did not say yes */
export async function goesOn(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  terminal: Terminal,
): Promise<boolean> {
  const cautions = await cautionsOf(deployment, secret);
  for (const caution of cautions) terminal.err(caution);
  return cautions.length > 0 && terminal.interactive ? terminal.confirm('Rotate it now?') : true;
}

async function cautionsOf(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
): Promise<string[]> {
  const { manifest, clock, controlTable } = deployment;
  const now = clock.now();
  const hold = await controlTable.getHold(secret.name);
  const frozen = freezeAt(scheduleOf(manifest).freezes, now.getTime());
  return [
    // Only readers of the whole keyset accept tokens of the key before.
    ...(secret.kind === 'jwt' && secret.logsEveryoneOut
      ? [
          `This logs everyone out: readers of ${secret.name} know one key (readers: 'scalar'), so every token signed until now is refused.`,
        ]
      : []),
    ...(hold !== undefined && !(new Date(hold.until) <= now)
      ? [
          `${secret.name} is on hold until ${hold.until} (${hold.reason}): the schedule does not rotate it, and this does. ${commandsFor(deployment).release(secret.key)} ends the hold.`,
        ]
      : []),
    ...(frozen === undefined
      ? []
      : [
          `A freeze stands until ${frozen.until} (${frozen.reason}): the schedule does not rotate now, and this does. --wait-for-window waits for its end.`,
        ]),
  ];
}

/**
 * A value that waits in an inbox although its event should have started a rotation: events are best effort, and what
 * another rotation kept waiting is asked for again only for minutes. Asked with the token of the event, so that the
 * two start one rotation. One that was refused is a finding until its owners put another value.
 */
import type { InboxManifestSecret } from '../../domain/config/manifest.ts';
import { mayRotate } from '../../domain/policy/remarks.ts';
import { askFromInbox, inboxStateOf } from '../../doors/inbox-state.ts';
import type { CadenceDoors } from './doors.ts';
import type { Inventory, Judged } from './inventory.ts';
import { guarded, resultOf, type SecretResult } from './result.ts';

export async function takeFromInboxes(
  doors: CadenceDoors,
  { judged, listed }: Inventory,
  results: Map<string, SecretResult>,
): Promise<void> {
  for (const entry of judged) {
    const { secret, verdict, remarks, facts } = entry;
    const isAtRest = verdict.decision === 'asNeeded' || verdict.decision === 'uninitialised';
    if (secret.kind !== 'userManaged' || !isAtRest || !mayRotate(remarks)) continue;
    await guarded(results, secret.name, verdict.decision, async () => {
      const inbox = listed.get(secret.inbox.name)?.versionIdsToStages ?? {};
      const found = await inboxStateOf(doors, secret, facts.versionIdsToStages, inbox);
      if (found.state === 'waits') return take(doors, entry, secret, found.versionId);
      const result = resultOf(entry, 'nothing');
      if (found.state !== 'asked' || found.failure === undefined) return result;
      const { code, message } = found.failure;
      const reason = `version ${found.versionId} of its inbox was refused, ${code}: ${message}`;
      return { ...result, finding: true, reason };
    });
  }
}

async function take(
  doors: CadenceDoors,
  entry: Judged,
  secret: InboxManifestSecret,
  versionId: string,
): Promise<SecretResult> {
  const reason = `version ${versionId} waits in its inbox`;
  const asked = await askFromInbox(doors, secret, versionId);
  switch (asked.outcome) {
    case 'started':
      return { ...resultOf(entry, 'rotationStarted'), reason, started: asked.token };
    case 'inProgress':
      return resultOf(entry, 'superseded');
    case 'refused': {
      const { code, message } = asked.refusal;
      const refused = `${reason}; ${code}: ${message}`;
      return { ...resultOf(entry, 'refused'), finding: true, reason: refused };
    }
  }
}

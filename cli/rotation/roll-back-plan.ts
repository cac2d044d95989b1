/** What a rollback would do, in words, before anybody says yes. */
import type { Manifest, RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { RollBackReport, RollBackVersion } from '../../domain/reports/rollback-report.ts';

export type RollBackPlan = Pick<
  RollBackReport,
  'from' | 'restore' | 'withdrawn' | 'preempts' | 'hold'
>;

export function planLines(
  secret: RotatedManifestSecret,
  { from, restore, withdrawn, preempts, hold }: RollBackPlan,
  manifest: Manifest,
): string[] {
  return [
    `Rolling back ${secret.name}`,
    ...(from === undefined ? [] : [`- now: ${versionOf(from)}`]),
    ...(restore === undefined ? [] : [`- restores: ${versionOf(restore)}`]),
    `- ${meaningOf(secret, { from, restore, withdrawn })}`,
    ...(preempts === undefined ? [] : [`- pre-empts rotation ${preempts}, which is in progress`]),
    `- ${consumersOf(secret, manifest)}`,
    ...(hold === undefined
      ? []
      : [
          `- puts the secret on hold until ${hold.until}: the schedule leaves it alone until then, or until it is released`,
        ]),
  ];
}

function versionOf({ versionId, primary, since, ageDays }: RollBackVersion): string {
  const age = since === undefined ? 'no date' : `in use first ${since}, ${ageDays} d ago`;
  return `version ${versionId}${primary === undefined ? '' : `, ${primary}`} (${age})`;
}

function meaningOf(
  secret: RotatedManifestSecret,
  { from, restore, withdrawn }: Pick<RollBackPlan, 'from' | 'restore' | 'withdrawn'>,
): string {
  const [before, now] = [restore?.primary ?? 'the key before', from?.primary ?? 'the key in use'];
  switch (secret.kind) {
    case 'jwt':
    case 'encryption': {
      if (withdrawn !== undefined) {
        return `key ${withdrawn} is published and not used yet: it is withdrawn for good, and never becomes primary; key ${now} stays primary. No key is removed.`;
      }
      const readable =
        secret.kind === 'jwt'
          ? `tokens that ${now} signed are accepted until they have run out`
          : `rows under ${now} stay readable${secret.reencryption === undefined ? '' : '; a re-encryption moves them back'}`;
      return `key ${before} becomes primary again; ${readable}. No key is removed.`;
    }
    case 'database': {
      const [role] = (restore?.primary ?? 'the role').split(':');
      return secret.scheme === 'singleUser'
        ? `${role} gets its earlier password back, proven by a login: whoever has read today's is refused until it reads again`
        : `${role} gets its earlier password back, proven by a login, and becomes AWSCURRENT; the role in use is not touched`;
    }
    case 'userManaged':
      return 'the earlier value is tested at its vendor, and becomes AWSCURRENT again';
  }
}

function consumersOf({ key }: RotatedManifestSecret, { consumers, rollout }: Manifest): string {
  const names = consumers
    .filter(({ reads, restart }) => reads.includes(key) && restart !== undefined)
    .map(({ name }) => name);
  if (rollout === undefined || names.length === 0) {
    return 'nothing restarts a consumer of it: readers read again by themselves, or a person restarts them';
  }
  const redeploy = rollout.redeploy ? 'asks for the previous release to be redeployed, then ' : '';
  return `${redeploy}gets consumers to it as after a rotation: ${names.join(', ')}`;
}

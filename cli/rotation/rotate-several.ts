/** Several rotations, one after the other: the first that does not end well ends the line. */

import { isRotated, type RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { RotationReport } from '../../domain/reports/rotation-report.ts';
import type { RotationsReport } from '../../domain/reports/rotations-report.ts';
import type { OpenDeployment } from '../command.ts';
import { documentHead } from '../document-head.ts';
import { type RotateRequest, rotateOne } from './rotate-one.ts';

/** Of `--all`: in the order of the configuration, and what is left out of it. */
export async function everySecret({ manifest, controlTable, clock }: OpenDeployment): Promise<{
  secrets: RotatedManifestSecret[];
  skipped: RotationsReport['skipped'];
}> {
  const secrets: RotatedManifestSecret[] = [];
  const skipped: RotationsReport['skipped'] = [];
  for (const secret of manifest.secrets) {
    const { key, name } = secret;
    if (!isRotated(secret) || secret.kind === 'userManaged') {
      skipped.push({ key, name, reason: 'user-managed: its owners change it' });
      continue;
    }
    const hold = await controlTable.getHold(name);
    if (!secret.armed) {
      skipped.push({ key, name, reason: 'not armed' });
    } else if (hold !== undefined && !(new Date(hold.until) <= clock.now())) {
      skipped.push({ key, name, reason: `on hold until ${hold.until}: ${hold.reason}` });
    } else {
      secrets.push(secret);
    }
  }
  return { secrets, skipped };
}

export async function rotateSeveral(
  deployment: OpenDeployment,
  secrets: readonly RotatedManifestSecret[],
  skipped: RotationsReport['skipped'],
  request: RotateRequest & { readonly tellEnd: (report: RotationReport) => void },
): Promise<RotationsReport> {
  for (const { key, reason } of skipped) request.say(`${key}: skipped, ${reason}`);
  const rotations: RotationReport[] = [];
  const left = [...secrets];
  let outcome: RotationsReport['outcome'] = 'finished';
  while (outcome === 'finished' && left.length > 0) {
    const secret = left.shift() as RotatedManifestSecret;
    request.say('');
    const report = await rotateOne(deployment, secret, request);
    request.tellEnd(report);
    rotations.push(report);
    if (report.outcome === 'interrupted') outcome = 'interrupted';
    else if (report.outcome !== 'finished' && report.outcome !== 'started') outcome = 'stopped';
  }
  return {
    report: 'quarterturn-rotations',
    ...documentHead(deployment),
    outcome,
    rotations,
    notBegun: left.map(({ key, name }) => ({ key, name })),
    skipped,
  };
}

/**
 * Rotates what a leaver could read, one secret after the other, as planned rotations: nobody is logged out. One that is
 * refused or fails keeps none of the others from it; a rotation that was under way before may have been read as well, so
 * another one follows.
 */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { OffboardingReport } from '../../domain/reports/offboarding-report.ts';
import type { RotationReport } from '../../domain/reports/rotation-report.ts';
import type { OpenDeployment } from '../command.ts';
import { type RotateRequest, rotateOne } from '../rotation/rotate-one.ts';

export async function rotateAll(
  deployment: OpenDeployment,
  secrets: readonly RotatedManifestSecret[],
  request: RotateRequest & { readonly tellEnd: (report: RotationReport) => void },
): Promise<Pick<OffboardingReport, 'outcome' | 'rotations'>> {
  const rotations: RotationReport[] = [];
  for (const secret of secrets) {
    request.say('');
    let report = await rotateOne(deployment, secret, request);
    if (report.outcome === 'finished' && report.followed) {
      request.tellEnd(report);
      request.say(`${secret.name}: that one had begun before; another one follows.`);
      rotations.push(report);
      report = await rotateOne(deployment, secret, request);
    }
    request.tellEnd(report);
    if (report.outcome === 'started' && report.followed) {
      request.say(`${secret.name}: that one had begun before; expected another one after it.`);
    }
    rotations.push(report);
    if (report.outcome === 'interrupted') return { outcome: 'interrupted', rotations };
  }
  // Of a rotation that had begun before, the one that followed it counts.
  const last = new Map(rotations.map((report) => [report.secret.key, report]));
  const isDone = ({ outcome, followed }: RotationReport) =>
    (outcome === 'finished' || outcome === 'started') && !followed;
  return { outcome: [...last.values()].every(isDone) ? 'rotated' : 'incomplete', rotations };
}

/** The version a person means to go back to, by what they named; refused before any function is asked. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { dateLabels, versionNamed } from '../../domain/policy/generations.ts';
import {
  currentVersion,
  dateLabelsOf,
  parseDateLabel,
  previousVersion,
  type VersionIdsToStages,
} from '../../domain/policy/labels.ts';
import type { RollBackVersion } from '../../domain/reports/rollback-report.ts';
import type { OpenDeployment } from '../command.ts';

export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** @param to as `--to` names it; absent: AWSPREVIOUS */
export async function rollBackTarget(
  { controlTable }: Pick<OpenDeployment, 'controlTable'>,
  { name }: RotatedManifestSecret,
  stages: VersionIdsToStages,
  to: string | undefined,
): Promise<string | Problem> {
  const there = `There are: ${dateLabels(stages).join(', ') || 'no dates'}.`;
  if (to !== undefined) {
    const named = versionNamed(to, stages);
    if ('versionId' in named) return named.versionId;
    return 'ambiguous' in named
      ? {
          code: 'ERR_ROTATION_AMBIGUOUS_VERSION',
          message: `${named.ambiguous.length} generations of ${name} became current on ${to}: ${named.ambiguous.join(', ')}; expected one of them to be named. Nothing was changed.`,
        }
      : {
          code: 'ERR_ROTATION_NOTHING_TO_RESTORE',
          message: `"${to}" names no version of ${name}; expected a date label, a day (UTC), or the id of a version. ${there} Nothing was changed.`,
        };
  }
  const current = currentVersion(stages);
  const record = current === undefined ? undefined : await controlTable.getRotation(name, current);
  if (record?.intent === 'rollback') {
    return {
      code: 'ERR_ROTATION_ROLLED_BACK_ALREADY',
      message: `AWSCURRENT of ${name} was restored by a rollback at ${record.at}, and AWSPREVIOUS is what it was rolled back from; expected --to to name the version to go back to. ${there} Nothing was changed.`,
    };
  }
  return (
    previousVersion(stages) ?? {
      code: 'ERR_ROTATION_NOTHING_TO_RESTORE',
      message: `No version of ${name} is AWSPREVIOUS: there is nothing to go back to. ${there} Nothing was changed.`,
    }
  );
}

const day = 86_400_000;

/** A version with its date, as far as labels tell. */
export function datedVersion(
  versionId: string,
  stages: VersionIdsToStages,
  now: Date,
  primary?: string,
): RollBackVersion {
  const [label] = dateLabelsOf(versionId, stages);
  const parsed = label === undefined ? undefined : parseDateLabel(label, now);
  return {
    versionId,
    ...(primary !== undefined && { primary }),
    ...(label !== undefined && { label }),
    ...(parsed?.ok && {
      since: parsed.at.toISOString(),
      ageDays: Math.max(0, Math.floor((now.getTime() - parsed.at.getTime()) / day)),
    }),
  };
}

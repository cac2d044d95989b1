/** Rules about emergencies that span fields: nobody is cut off who is needed to end one. */
import { duplicates } from './duplicates.ts';
import { emergencyRoleName, type Scope, stackName } from './names.ts';
import type { RotationConfig } from './rotation-config.ts';
import { show } from './show.ts';

export function emergencyProblems(config: RotationConfig): string[] {
  const { assumedBy, contain, requireMfa } = config.emergency;
  const suspects = contain?.principals ?? [];
  const path = 'emergency.contain.principals';
  return [
    ...duplicates(assumedBy, (arn) => arn, 'emergency.assumedBy', 'principal'),
    ...assumedBy.flatMap((arn, index) =>
      requireMfa && arn.includes(':role/')
        ? [
            `emergency.assumedBy.${index}: found ${show(arn)}, whose sessions do not tell whether somebody showed an MFA device, so with emergency.requireMfa it could begin none; expected a user. Where people come through a role (IAM Identity Center), MFA is required there, and requireMfa left out`,
          ]
        : [],
    ),
    ...duplicates(suspects, (arn) => arn, path, 'principal'),
    ...suspects.flatMap((arn, index) => {
      const needed = whyNeeded(config, arn);
      return needed === undefined
        ? []
        : [
            `${path}.${index}: found ${show(arn)}, ${needed}; expected somebody an emergency can do without`,
          ];
    }),
  ];
}

function whyNeeded(config: RotationConfig, arn: string): string | undefined {
  const { assumedBy } = config.emergency;
  if (arn === config.breakGlassRoleArn) return 'which breaks glass';
  if (assumedBy.includes(arn)) return 'which may start emergencies';
  if (config.escrow.readerRoleArns.includes(arn)) return 'which reads the copies in escrow';
  return isOwn(config, arn) ? 'which this deployment makes' : undefined;
}

/** Of a role's generated name the stack's comes first, and may be cut (CloudFormation user guide, "Name type"). */
const stackCharacters = 24;

function isOwn(scope: Scope, arn: string): boolean {
  const name = /:role\/(?:.*\/)?([^/]+)$/.exec(arn)?.[1] ?? '';
  return (
    name === emergencyRoleName(scope) || name.startsWith(stackName(scope).slice(0, stackCharacters))
  );
}

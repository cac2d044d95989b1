import type { Declared, World } from './resource-type.ts';

/** A managed policy of AWS that the sandbox does not know grants nothing here: that is said, not hidden. */
export function flagUnknownPolicies(
  known: boolean,
  { logicalId }: Declared,
  policyArn: string,
  notSimulated: World['notSimulated'],
): void {
  if (!known) {
    notSimulated(`${logicalId}: managed policy ${policyArn} (grants nothing here)`);
  }
}

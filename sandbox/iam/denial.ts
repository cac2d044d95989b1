/** Worded as in IAM user guide, "Troubleshoot access denied error messages". */
import type { Decision } from './evaluate.ts';

export function reasonOf(decision: Exclude<Decision, 'allowed'>, action: string): string {
  switch (decision) {
    case 'denied by identity policy':
      return 'with an explicit deny in an identity-based policy';
    case 'denied by resource policy':
      return 'with an explicit deny in a resource-based policy';
    case 'not allowed by identity policy':
      return `because no identity-based policy allows the ${action} action`;
    case 'not allowed by resource policy':
      return `because no resource-based policy allows the ${action} action`;
  }
}

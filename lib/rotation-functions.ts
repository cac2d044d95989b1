/**
 * Who may invoke every rotation function: one policy for all of them. A template has a million bytes (CloudFormation user
 * guide, "Understand CloudFormation quotas"), and the list is a statement that fifty secrets fill a policy with.
 */
import type { Construct } from 'constructs';
import { managedPolicies } from './managed-policies.ts';
import type { RoomFunction } from './room-function.ts';
import { allow } from './statements.ts';
import type { InvokedFunction, Workflow } from './workflow.ts';

export interface InvokersProps {
  readonly rotationFunctions: readonly InvokedFunction[];
  /** They start rotations, whose caller needs this right, too (API_RotateSecret). */
  readonly functions: readonly RoomFunction[];
  /** They call operations of those functions. */
  readonly machines: readonly Pick<Workflow, 'role' | 'stateMachine'>[];
}

export function letInvokeRotationFunctions(
  scope: Construct,
  id: string,
  { rotationFunctions, functions, machines }: InvokersProps,
): void {
  if (rotationFunctions.length === 0) return;
  const policies = managedPolicies(scope, id, {
    roles: [...functions, ...machines].map(({ role }) => role),
    statements: [
      allow(
        'InvokeRotationFunctions',
        ['lambda:InvokeFunction'],
        rotationFunctions.map(({ functionArn }) => functionArn),
      ),
    ],
  });
  for (const made of functions) made.after(...policies);
  for (const { stateMachine } of machines) stateMachine.node.addDependency(...policies);
}

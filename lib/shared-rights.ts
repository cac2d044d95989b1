/**
 * Rights over every secret that rotates, for all roles that need them, in one policy each. A template has a million
 * bytes and 500 resources (CloudFormation user guide, "Understand CloudFormation quotas"), and the list of fifty secrets
 * fills a policy for every statement it stands in.
 */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { managedPolicies } from './managed-policies.ts';
import type { RoomFunction } from './room-function.ts';
import type { RotatingSecret } from './rotating-secret.ts';
import { allow, describe, rotate } from './statements.ts';
import type { Workflow } from './workflow.ts';

type Machine = Pick<Workflow, 'role' | 'stateMachine'>;

export interface SharedRightsProps {
  readonly rotated: readonly RotatingSecret[];
  /** They look at labels and rules. */
  readonly describing: readonly RoomFunction[];
  /** They start rotations; who does so by other statements needs the right to invoke alone. */
  readonly rotating: readonly RoomFunction[];
  /** They start rotations, or call operations of rotation functions (API_RotateSecret asks for this right, too). */
  readonly invoking: {
    readonly functions: readonly RoomFunction[];
    readonly machines: readonly Machine[];
  };
}

export function shareRights(scope: Construct, props: SharedRightsProps): void {
  const { rotated, describing, rotating, invoking } = props;
  if (rotated.length === 0) return;
  const secrets = rotated.map(({ reference }) => reference);
  const invoke = allow(
    'InvokeRotationFunctions',
    ['lambda:InvokeFunction'],
    rotated.map((secret) => secret.function.functionArn),
  );
  share(scope, 'DescribeSecrets', describe(secrets), describing);
  share(scope, 'RotateSecrets', rotate(secrets), rotating);
  share(scope, 'RotationFunctions', invoke, invoking.functions, invoking.machines);
}

function share(
  scope: Construct,
  id: string,
  statement: PolicyStatement,
  functions: readonly RoomFunction[],
  machines: readonly Machine[] = [],
): void {
  const roles = [...functions, ...machines].map(({ role }) => role);
  const policies = managedPolicies(scope, id, { roles, statements: [statement] });
  // Before anybody calls them.
  for (const made of functions) made.after(...policies);
  for (const { stateMachine } of machines) stateMachine.node.addDependency(...policies);
}

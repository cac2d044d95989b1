/** Who may start an emergency: a policy to attach to roles of the team, and a role with it where somebody may assume it. */
import {
  ArnPrincipal,
  type CfnManagedPolicy,
  CompositePrincipal,
  PrincipalWithConditions,
  Role,
} from 'aws-cdk-lib/aws-iam';
import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  deploymentDimension,
  emergencyPolicyName,
  emergencyRoleName,
} from '../domain/config/names.ts';
import type { Deployment } from './deployment.ts';
import type { Emergency } from './emergency.ts';
import { managedPolicies } from './managed-policies.ts';
import { allow, findDeployments } from './statements.ts';

/**
 * IAM user guide, "Secure API access with MFA": absent where somebody has long-term keys alone, so never IfExists. It
 * can be asked of users; "the temporary credentials returned by AssumeRole do not include MFA information", so of a
 * role it is asked where it is assumed, and nowhere else.
 */
const withMfa = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } as const;

/**
 * Starts one and follows it, reads its report and its records, and has IAM simulate who could read. Nothing else: what an emergency does is done with the
 * machine's rights, so nobody who may start one can rotate, stop or deny anything beside it.
 */
export function emergencyPeople(
  scope: Construct,
  deployment: Deployment,
  emergency: Emergency,
  manifestParameterArns: readonly string[],
): CfnManagedPolicy[] {
  const { config, controlTable } = deployment;
  const { requireMfa, assumedBy } = config.emergency;
  const condition = requireMfa ? withMfa : undefined;
  const roles =
    assumedBy.length === 0
      ? []
      : [
          new Role(scope, 'EmergencyRole', {
            roleName: emergencyRoleName(config),
            description: `Starts emergencies of ${deploymentDimension(config)}`,
            assumedBy: trusted(assumedBy, condition),
          }),
        ];
  const made = managedPolicies(scope, 'EmergencyPolicy', {
    name: emergencyPolicyName(config),
    roles,
    statements: [
      allow('StartEmergencies', ['states:StartExecution'], [emergency.machine.arn], condition),
      ...(condition === undefined
        ? []
        : roles.map(({ roleArn }) =>
            allow('StartEmergenciesAsRole', ['states:StartExecution'], [emergency.machine.arn], {
              ArnEquals: { 'aws:PrincipalArn': roleArn },
            }),
          )),
      allow(
        'FollowEmergencies',
        ['states:DescribeExecution', 'states:ListExecutions'],
        [emergency.machine.arn, emergency.machine.executions],
      ),
      allow('ReadManifest', ['ssm:GetParameter'], manifestParameterArns),
      findDeployments(scope),
      // What somebody who leaves could read (`quarterturn offboard`): it shows permissions of others, so on-call's
      // policy has it not.
      allow(
        'KnowWhoCouldRead',
        ['iam:SimulatePrincipalPolicy'],
        ['role', 'user'].map((resource) =>
          Stack.of(scope).formatArn({ service: 'iam', region: '', resource, resourceName: '*' }),
        ),
      ),
      ...emergency.reports.reading(),
      ...controlTable.statements({
        secretNames: [deploymentDimension(config)],
        read: ['emergency', 'drilled'],
      }),
    ],
  });
  for (const role of roles) {
    new CfnOutput(scope, 'EmergencyRoleArn', {
      value: role.roleArn,
      description: 'Role that starts emergencies',
    });
  }
  return made;
}

function trusted(arns: readonly string[], condition: typeof withMfa | undefined) {
  const principals = arns.map((arn) => {
    const principal = new ArnPrincipal(arn);
    return condition === undefined ? principal : new PrincipalWithConditions(principal, condition);
  });
  return new CompositePrincipal(...principals);
}

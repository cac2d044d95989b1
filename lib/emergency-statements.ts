/** What the function of emergencies may do: each statement is a task's. It reads no value. */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import {
  accessAuditFunctionName,
  deploymentDimension,
  functionName,
  secretName,
} from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { EmergencyEvent } from '../domain/events/emergency.ts';
import type { SecretReference } from './deployment.ts';
import type { EmergencyConstructProps } from './emergency.ts';
import { functionArnOf } from './function-arn.ts';
import type { IncidentReports } from './incident-reports.ts';
import { allow, rotate, tell } from './statements.ts';
import type { MachineArns } from './workflow.ts';

const told: readonly EmergencyEvent['type'][] = ['credential-emergency'];

export interface EmergencyParts {
  readonly reports: IncidentReports;
  /** Its own machine. */
  readonly machine: MachineArns;
  /** ARNs of the roles whose rights a drill simulates. */
  readonly simulated: readonly string[];
}

export function emergencyStatements(
  scope: IConstruct,
  props: EmergencyConstructProps,
  { reports, machine, simulated }: EmergencyParts,
): PolicyStatement[] {
  const { deployment, rotated, rollout } = props;
  const { config, controlTable } = deployment;
  const rotating = rotated.map(({ reference }) => reference);
  const all = Object.values(props.secrets);
  const invoked = [
    functionArnOf(scope, accessAuditFunctionName(config)),
    // Consumers are stopped and started by the one, and looked at in a drill by the others.
    ...(rollout
      ? [rollout.function, rollout.posture, ...props.healthFunctions].map(
          ({ functionArn }) => functionArn,
        )
      : []),
  ];
  const own = deploymentDimension(config);
  return [
    allow('Describe', ['secretsmanager:DescribeSecret'], inFew(scope, config, all)),
    rotate(inFew(scope, config, rotating).map((arn) => ({ arn }))),
    allow('InvokeParts', ['lambda:InvokeFunction'], invoked),
    allow('ReadManifest', ['ssm:GetParameter'], props.manifest.parameterArns),
    tell('Tell', scope, told),
    allow(
      'StartWhatFollows',
      ['states:StartExecution'],
      // Its own: one that died with consumers stopped is followed by one that starts them.
      [props.machine.arn, machine.arn],
    ),
    allow(
      'SeeExecutions',
      ['states:DescribeExecution'],
      [
        props.machine.executions,
        machine.executions,
        ...(rollout ? [rollout.machine.executions] : []),
      ],
    ),
    // A drill asks which roles its rotation functions have, and what those may do; it assumes none.
    allow(
      'SeeFunctions',
      ['lambda:GetFunctionConfiguration'],
      [functionArnOf(scope, functionName(config, '*'))],
    ),
    allow('SimulateRights', ['iam:SimulatePrincipalPolicy'], simulated),
    ...reports.storing(),
    ...containing(scope, props),
    ...controlTable.statements(
      {
        secretNames: rotating.map(({ name }) => name),
        isEverySecret: true,
        read: ['rotation', 'after', ...(rollout ? (['rollout'] as const) : [])],
        write: ['intent.emergency', 'compromised'],
      },
      {
        secretNames: props.reencryption?.secretNames ?? [],
        read: ['reencryption', 'consumers'],
      },
      { secretNames: [own], read: ['emergency', 'drilled'], write: ['emergency', 'drilled'] },
    ),
  ];
}

export const fewSecrets = 30;

/**
 * More than thirty are told by the prefix that the new ones of a deployment have in common, as in the control table: one
 * by one they would fill a policy a statement. A rotation starts only where its function may be invoked, too, and those
 * are named one by one.
 */
function inFew(
  scope: IConstruct,
  config: RotationConfig,
  secrets: readonly SecretReference[],
): string[] {
  const prefix = secretName(config, '');
  const own = secrets.filter(({ name }) => name.startsWith(prefix));
  const arns = (some: readonly SecretReference[]) => some.map(({ arn }) => arn);
  if (own.length <= fewSecrets) return arns(secrets);
  const every = Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${prefix}*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return [every, ...arns(secrets.filter((secret) => !own.includes(secret)))];
}

/**
 * Cutting off whom the configuration names. Who may put a policy on a role may put any on it: so these roles alone,
 * and only where somebody wrote them down.
 */
function containing(
  scope: IConstruct,
  { deployment, secrets, rotated }: EmergencyConstructProps,
): PolicyStatement[] {
  const { config } = deployment;
  const { contain } = config.emergency;
  if (contain === undefined) return [];
  // Inboxes, too: what a suspect may put there would be the next value.
  const inboxes = rotated.flatMap(({ inbox }) => inbox ?? []);
  const arns = inFew(scope, config, [...Object.values(secrets), ...inboxes]);
  const roles = ownRoles(config, contain.principals);
  return [
    allow(
      'DenySuspects',
      ['secretsmanager:PutResourcePolicy'],
      arns,
      // Never one that lets strangers in (secretsmanager/latest/userguide/auth-and-access_resource-policies.html).
      { Bool: { 'secretsmanager:BlockPublicPolicy': 'true' } },
    ),
    allow(
      'LiftDenials',
      ['secretsmanager:DeleteResourcePolicy', 'secretsmanager:GetResourcePolicy'],
      arns,
    ),
    ...(roles.length > 0
      ? [allow('RevokeSessions', ['iam:DeleteRolePolicy', 'iam:PutRolePolicy'], roles)]
      : []),
  ];
}

/** Users have no sessions to revoke, and roles of other accounts are not ours to change. */
const ownRoles = ({ account }: RotationConfig, principals: readonly string[]): string[] =>
  principals.filter((arn) => {
    const [, , , , of, resource = ''] = arn.split(':');
    return resource.startsWith('role/') && (account === undefined || of === account);
  });

/**
 * What a drill does about rights: IAM is asked what the roles of an emergency may do, by the policies that stand now.
 * What the drill does itself (its records, its report, its event) shows those rights by doing it.
 */
import { isRotated } from '../../../domain/config/manifest.ts';
import type { Evidence } from '../../../domain/events/control-records.ts';
import type { EmergencyRecord } from '../../../domain/events/emergency.ts';
import type { SimulationQuestion } from '../../../doors/simulated-rights.ts';
import type { EmergencyDoors } from '../doors.ts';
import { nameOf } from '../name-of.ts';
import { keysOf, machineArn, ownMachineArn, secretOf } from '../secrets.ts';
import { evidenceOf } from '../stages.ts';

type Doors = Pick<EmergencyDoors, 'simulation' | 'secretsManager' | 'manifest' | 'roles'>;

/** One fact for everything that a role may do, and one for each thing that it may not. */
export async function rightsOf(
  { simulation }: Pick<EmergencyDoors, 'simulation'>,
  role: string,
  questions: readonly Omit<SimulationQuestion, 'principal'>[],
): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  let held = 0;
  for (const question of questions) {
    if (question.resources.length === 0) continue;
    try {
      for (const { action, resource, decision } of await simulation.simulate({
        principal: role,
        ...question,
      })) {
        if (decision === 'allowed') held += 1;
        else
          evidence.push(
            evidenceOf('rightMissing', { ok: false, role, action, resource, decision }),
          );
      }
    } catch (error) {
      evidence.push(evidenceOf('rightsNotKnown', { ok: false, role, detail: nameOf(error) }));
    }
  }
  return [evidenceOf('rightsHeld', { role, rights: held }), ...evidence];
}

/** Of the function of emergencies, and of their machine. */
export async function rightsOfRoles(
  doors: Doors,
  execution: string,
  record: EmergencyRecord,
): Promise<Evidence[]> {
  const manifest = await doors.manifest();
  const secrets = keysOf(record)
    .map((key) => secretOf(manifest, key))
    .filter(isRotated);
  const arns: string[] = [];
  const missing: Evidence[] = [];
  for (const { name } of secrets) {
    try {
      arns.push((await doors.secretsManager.describe(name)).arn);
    } catch (error) {
      missing.push(evidenceOf('secretNotDescribed', { ok: false, name, detail: nameOf(error) }));
    }
  }
  const [, partition = 'aws', , region = '', account = ''] = execution.split(':');
  const functionArn = (name: string) =>
    `arn:${partition}:lambda:${region}:${account}:function:${name}`;
  const { emergency, rollout, controlTable } = manifest;
  const suspects = emergency?.suspects ?? [];
  const roles = suspects.filter((arn) => arn.includes(':role/'));
  const rotationFunctions = secrets.map((secret) => functionArn(secret.function));
  const own = await rightsOf(doors, doors.roles.function, [
    { actions: ['secretsmanager:DescribeSecret'], resources: arns },
    {
      actions: ['secretsmanager:RotateSecret'],
      resources: arns,
      // As it is asked for: with its rules and its function as they are (service authorization reference).
      context: { 'secretsmanager:ModifyRotationRules': false },
    },
    {
      actions: ['dynamodb:PutItem'],
      resources: [`arn:${partition}:dynamodb:${region}:${account}:table/${controlTable}`],
      context: {
        'dynamodb:LeadingKeys': secrets.flatMap(({ name }) => [
          `intent.emergency#${name}`,
          `compromised#${name}`,
        ]),
      },
    },
    {
      actions: ['lambda:InvokeFunction'],
      resources: [emergency?.accessAudit, rollout?.function]
        .filter((name) => name !== undefined)
        .map(functionArn),
    },
    {
      actions: ['states:StartExecution'],
      resources: [machineArn(execution, manifest.afterRotationMachine), ownMachineArn(execution)],
    },
    {
      actions: ['secretsmanager:PutResourcePolicy'],
      resources: suspects.length > 0 ? arns : [],
      context: { 'secretsmanager:BlockPublicPolicy': true },
    },
    { actions: ['iam:PutRolePolicy'], resources: roles },
  ]);
  const machine = await rightsOf(doors, doors.roles.machine, [
    {
      actions: ['lambda:InvokeFunction'],
      resources: [
        ...rotationFunctions,
        ...(emergency === undefined ? [] : [functionArn(emergency.function)]),
      ],
    },
    {
      actions: ['states:StartExecution'],
      resources: rollout === undefined ? [] : [machineArn(execution, rollout.machine)],
    },
  ]);
  return [...missing, ...own, ...machine];
}

/** Of a secret's own function, in a rotation. */
export async function rightsOfRotation(
  doors: Pick<EmergencyDoors, 'simulation' | 'functionRoles'>,
  { function: functionName }: { readonly function: string },
  secretArn: string,
): Promise<Evidence[]> {
  let role: string | undefined;
  try {
    role = await doors.functionRoles.roleOf(functionName);
  } catch (error) {
    return [
      evidenceOf('rightsNotKnown', { ok: false, function: functionName, detail: nameOf(error) }),
    ];
  }
  if (role === undefined) {
    return [evidenceOf('functionMissing', { ok: false, function: functionName })];
  }
  return rightsOf(doors, role, [
    {
      actions: [
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
        'secretsmanager:CancelRotateSecret',
      ],
      resources: [secretArn],
    },
  ]);
}

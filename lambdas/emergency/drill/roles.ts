/**
 * What the roles of an emergency may do: those of its machine and its function, and of what follows rotations. What the
 * drill does itself (its records, its report, its event) shows those rights by doing it.
 */
import { isRotated } from '../../../domain/config/manifest.ts';
import type { Evidence } from '../../../domain/events/control-records.ts';
import type { EmergencyRecord } from '../../../domain/events/emergency.ts';
import type { EmergencyDoors } from '../doors.ts';
import { nameOf } from '../name-of.ts';
import { keysOf, machineArn, ownMachineArn, secretOf } from '../secrets.ts';
import { evidenceOf } from '../stages.ts';
import { type DescribedSecret, rightsOfWhatFollows, waitFor } from './following-rights.ts';
import { functionIn, placeOf, recordsIn } from './requests.ts';
import { rightsOf } from './rights.ts';

type Doors = Pick<
  EmergencyDoors,
  'simulation' | 'secretsManager' | 'manifest' | 'roles' | 'functionRoles'
>;

export async function rightsOfRoles(
  doors: Doors,
  execution: string,
  record: EmergencyRecord,
): Promise<Evidence[]> {
  const manifest = await doors.manifest();
  const rotated = keysOf(record)
    .map((key) => secretOf(manifest, key))
    .filter(isRotated);
  const secrets: DescribedSecret[] = [];
  const missing: Evidence[] = [];
  for (const secret of rotated) {
    try {
      secrets.push({ ...secret, arn: (await doors.secretsManager.describe(secret.name)).arn });
    } catch (error) {
      const { name } = secret;
      missing.push(evidenceOf('secretNotDescribed', { ok: false, name, detail: nameOf(error) }));
    }
  }
  const place = placeOf(execution);
  const arns = secrets.map(({ arn }) => arn);
  const { emergency, rollout, controlTable } = manifest;
  const suspects = emergency?.suspects ?? [];
  const roles = suspects.filter((arn) => arn.includes(':role/'));
  const rotationFunctions = rotated.map((secret) => functionIn(place, secret.function));
  const own = await rightsOf(doors, doors.roles.function, [
    { actions: ['secretsmanager:DescribeSecret'], resources: arns },
    {
      actions: ['secretsmanager:RotateSecret'],
      resources: arns,
      // As it is asked for: with its rules and its function as they are (service authorization reference).
      context: { 'secretsmanager:ModifyRotationRules': false },
    },
    ...recordsIn(
      place,
      { name: controlTable, keyArn: doors.roles.controlKey },
      { write: rotated.flatMap(({ name }) => [`intent.emergency#${name}`, `compromised#${name}`]) },
    ),
    {
      actions: ['lambda:InvokeFunction'],
      resources: [
        // Who asks for a rotation needs it, too (API_RotateSecret).
        ...rotationFunctions,
        ...[emergency?.accessAudit, rollout?.function]
          .filter((name) => name !== undefined)
          .map((name) => functionIn(place, name)),
      ],
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
    {
      actions: ['secretsmanager:DeleteResourcePolicy', 'secretsmanager:GetResourcePolicy'],
      resources: suspects.length > 0 ? arns : [],
    },
    {
      actions: ['iam:DeleteRolePolicy', 'iam:PutRolePolicy'],
      resources: roles,
    },
  ]);
  const machine = await rightsOf(doors, doors.roles.machine, [
    {
      actions: ['lambda:InvokeFunction'],
      resources: [
        ...rotationFunctions,
        ...(emergency === undefined ? [] : [functionIn(place, emergency.function)]),
      ],
    },
    ...(rollout === undefined ? [] : waitFor(place, execution, rollout.machine)),
  ]);
  const following = await rightsOfWhatFollows(doors, execution, manifest, secrets);
  return [...missing, ...own, ...machine, ...following];
}

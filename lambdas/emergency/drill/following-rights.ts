/** What follows a rotation, and what restarts consumers: two machines and their functions, by the names in the manifest. */
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import { functionName } from '../../../domain/config/names.ts';
import { auditEventSource } from '../../../domain/events/audit-event.ts';
import type { Evidence } from '../../../domain/events/control-records.ts';
import type { EmergencyDoors } from '../doors.ts';
import { nameOf } from '../name-of.ts';
import { machineArn } from '../secrets.ts';
import { evidenceOf } from '../stages.ts';
import { arnIn, functionIn, type Place, placeOf, type Question, recordsIn } from './requests.ts';
import { rightsOf } from './rights.ts';

type Doors = Pick<EmergencyDoors, 'simulation' | 'functionRoles' | 'roles'>;
export type DescribedSecret = RotatedManifestSecret & { readonly arn: string };

export async function rightsOfWhatFollows(
  doors: Doors,
  execution: string,
  manifest: Manifest,
  secrets: readonly DescribedSecret[],
): Promise<Evidence[]> {
  const place = placeOf(execution);
  const { rollout, sync } = manifest;
  const tasks = functionName(manifest, 'after-rotation');
  const { afterRotationMachine, rolloutMachine } = doors.roles;
  return [
    ...(await ofFunction(doors, tasks, afterRotation(doors, execution, manifest, secrets))),
    ...(await rightsOf(doors, afterRotationMachine, [
      {
        actions: ['lambda:InvokeFunction'],
        resources: [tasks, ...(sync ? [sync.function] : [])].map((name) => functionIn(place, name)),
      },
      ...(rollout ? waitFor(place, execution, rollout.machine) : []),
    ])),
    ...(rollout
      ? await ofFunction(doors, rollout.function, rollingOut(doors, place, manifest, secrets))
      : []),
    ...(rollout && rolloutMachine !== undefined
      ? await rightsOf(doors, rolloutMachine, [
          {
            actions: ['lambda:InvokeFunction'],
            resources: [
              ...new Set([
                rollout.function,
                ...manifest.consumers.flatMap(({ health }) => health ?? []),
              ]),
            ].map((name) => functionIn(place, name)),
          },
        ])
      : []),
  ];
}

async function ofFunction(
  doors: Doors,
  name: string,
  questions: readonly Question[],
): Promise<Evidence[]> {
  try {
    const role = await doors.functionRoles.roleOf(name);
    return role === undefined
      ? [evidenceOf('functionMissing', { ok: false, function: name })]
      : await rightsOf(doors, role, questions);
  } catch (error) {
    return [evidenceOf('rightsNotKnown', { ok: false, function: name, detail: nameOf(error) })];
  }
}

/** Starts an execution and is told of its end by a rule that Step Functions manages (connect-stepfunctions.html). */
export function waitFor(place: Place, execution: string, machine: string): Question[] {
  return [
    { actions: ['states:StartExecution'], resources: [machineArn(execution, machine)] },
    {
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resources: [arnIn(place, 'states', `execution:${machine}:drill`)],
    },
    {
      actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      resources: [
        arnIn(place, 'events', 'rule/StepFunctionsGetEventsForStepFunctionsExecutionRule'),
      ],
    },
  ];
}

function afterRotation(
  { roles }: Doors,
  execution: string,
  { controlTable, afterRotationMachine, reencryptionMachine, rollout }: Manifest,
  secrets: readonly DescribedSecret[],
): Question[] {
  const place = placeOf(execution);
  const of = (kinds: string[], some = secrets) =>
    some.flatMap(({ name }) => kinds.map((kind) => `${kind}#${name}`));
  const rows = secrets.filter(
    (secret) => secret.kind === 'encryption' && secret.reencryption !== undefined,
  );
  return [
    {
      actions: ['secretsmanager:DescribeSecret'],
      resources: secrets.map(({ arn }) => arn),
    },
    {
      actions: ['events:PutEvents'],
      resources: [arnIn(place, 'events', 'event-bus/default')],
      context: {
        'events:source': auditEventSource,
        'events:detail-type': 'credential-secret-rotation',
      },
    },
    {
      actions: ['states:StartExecution'],
      resources:
        reencryptionMachine === undefined || rows.length === 0
          ? []
          : [afterRotationMachine, reencryptionMachine].map((name) => machineArn(execution, name)),
    },
    {
      actions: ['lambda:InvokeFunction'],
      resources: secrets.map((secret) => functionIn(place, secret.function)),
    },
    {
      actions: ['lambda:InvokeFunction'],
      resources: rollout && rows.length > 0 ? [functionIn(place, rollout.function)] : [],
    },
    ...recordsIn(
      place,
      { name: controlTable, keyArn: roles.controlKey },
      {
        read: [
          ...of(['rotation', 'after', 'lease', ...(rollout ? ['rollout', 'failed', 'hold'] : [])]),
          ...of(['reencryption', 'consumers'], rows),
        ],
        write: [
          ...of(['intent.activate', 'after', ...(rollout ? ['failed', 'hold'] : [])]),
          ...of(['reencryption', 'consumers'], rows),
        ],
      },
    ),
  ];
}

/** What restarts, stops and starts consumers. What it reads of them is shown by the look at each. */
function rollingOut(
  { roles }: Doors,
  place: Place,
  { name, environment, controlTable, consumers }: Manifest,
  secrets: readonly DescribedSecret[],
): Question[] {
  const targets = (by: string) =>
    consumers.flatMap(({ restart = '' }) =>
      restart.startsWith(`${by} `) ? [restart.slice(by.length + 1)] : [],
    );
  const [services, functions, clusters] = ['ecs', 'lambda', 'kubernetes'].map(targets);
  const own = `${name}/${environment}`;
  return [
    ...recordsIn(
      place,
      { name: controlTable, keyArn: roles.controlKey },
      {
        read: [
          ...secrets.map((secret) => `rollout#${secret.name}`),
          `lock#${own}`,
          `counts#${own}`,
        ],
        write: [
          ...secrets.map((secret) => `rollout#${secret.name}`),
          `lock#${own}`,
          `counts#${own}`,
        ],
        remove: [`counts#${own}`],
      },
    ),
    ...ofServices(place, services ?? []),
    {
      actions: ['lambda:GetFunctionConfiguration', 'lambda:UpdateFunctionConfiguration'],
      resources: (functions ?? []).map((one) => functionIn(place, one)),
    },
    {
      // What it may do in there is for the cluster's own access entry to say: the look at each consumer asks.
      actions: ['eks:DescribeCluster'],
      resources: [...new Set((clusters ?? []).map((path) => path.split('/')[0]))].map((cluster) =>
        arnIn(place, 'eks', `cluster/${cluster}`),
      ),
    },
  ];
}

function ofServices(place: Place, services: readonly string[]): Question[] {
  if (services.length === 0) return [];
  return [
    {
      actions: ['ecs:DescribeServices', 'ecs:UpdateService'],
      resources: services.map((path) => arnIn(place, 'ecs', `service/${path}`)),
    },
    {
      actions: ['ecs:DescribeTaskDefinition', 'application-autoscaling:DescribeScalableTargets'],
      resources: ['*'],
    },
    {
      actions: ['application-autoscaling:RegisterScalableTarget'],
      resources: [arnIn(place, 'application-autoscaling', 'scalable-target/drill')],
      context: {
        'application-autoscaling:service-namespace': 'ecs',
        'application-autoscaling:scalable-dimension': 'ecs:service:DesiredCount',
      },
    },
  ];
}

/** What the rollout function may do to consumers: exactly those of the configuration, and only what restarts them. */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import type { RestartConfig } from '../domain/config/consumer-schema.ts';
import type { SecretReference } from './deployment.ts';
import { allow, readValues, useKeyOf } from './statements.ts';

type Of<By extends RestartConfig['by']> = Extract<RestartConfig, { by: By }>;

export function restartStatements(
  scope: IConstruct,
  restarts: readonly RestartConfig[],
  secrets: Readonly<Record<string, SecretReference>>,
): PolicyStatement[] {
  const of = <By extends RestartConfig['by']>(by: By) =>
    restarts.filter((restart): restart is Of<By> => restart.by === by);
  return [
    ...ecsStatements(scope, of('ecs')),
    ...codeDeployStatements(
      scope,
      of('ecs').flatMap(({ codeDeploy }) => codeDeploy ?? []),
    ),
    ...kubernetesStatements(scope, of('kubernetes')),
    ...lambdaStatements(scope, of('lambda')),
    ...webhookStatements(of('webhook'), secrets),
  ];
}

/** What a look at consumers takes; it changes nothing. */
export function postureStatements(
  scope: IConstruct,
  restarts: readonly RestartConfig[],
): PolicyStatement[] {
  const services = restarts.flatMap((restart) =>
    restart.by === 'ecs' ? [serviceArn(scope, restart)] : [],
  );
  const functions = restarts.flatMap((restart) =>
    restart.by === 'lambda' ? [functionArn(scope, restart)] : [],
  );
  return [
    ...(services.length === 0
      ? []
      : [
          allow('LookAtServices', ['ecs:DescribeServices'], unique(services)),
          // Knows no resource (service authorization reference).
          allow('LookAtTaskDefinitions', ['ecs:DescribeTaskDefinition'], ['*']),
        ]),
    ...(functions.length === 0
      ? []
      : [allow('LookAtFunctions', ['lambda:GetFunctionConfiguration'], unique(functions))]),
  ];
}

const serviceArn = (scope: IConstruct, { cluster, service }: Of<'ecs'>): string =>
  arnOf(scope, { service: 'ecs', resource: 'service', resourceName: `${cluster}/${service}` });

const functionArn = (scope: IConstruct, one: Of<'lambda'>): string =>
  arnOf(scope, {
    service: 'lambda',
    resource: 'function',
    resourceName: one.function,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

const unique = <Item>(items: readonly Item[]): Item[] => [...new Set(items)];

function ecsStatements(scope: IConstruct, services: readonly Of<'ecs'>[]): PolicyStatement[] {
  if (services.length === 0) return [];
  const arns = services.map((service) => serviceArn(scope, service));
  return [
    allow('RestartServices', ['ecs:DescribeServices', 'ecs:UpdateService'], unique(arns)),
    // Neither knows a resource (service authorization reference).
    allow(
      'LookAtServices',
      ['ecs:DescribeTaskDefinition', 'application-autoscaling:DescribeScalableTargets'],
      ['*'],
    ),
    // The ARN of a target ends in an id that the service makes; what it scales is said by the conditions, and
    // Application Auto Scaling asks for the caller's ecs:UpdateService on that service.
    allow(
      'SuspendAutoscaling',
      ['application-autoscaling:RegisterScalableTarget'],
      [
        arnOf(scope, {
          service: 'application-autoscaling',
          resource: 'scalable-target',
          resourceName: '*',
        }),
      ],
      {
        StringEquals: {
          'application-autoscaling:service-namespace': 'ecs',
          'application-autoscaling:scalable-dimension': 'ecs:service:DesiredCount',
        },
      },
    ),
  ];
}

/** CreateDeployment registers the revision and reads the group's configuration with its caller's rights. */
function codeDeployStatements(
  scope: IConstruct,
  groups: readonly NonNullable<Of<'ecs'>['codeDeploy']>[],
): PolicyStatement[] {
  if (groups.length === 0) return [];
  const arn = (resource: string, resourceName: string) =>
    arnOf(scope, {
      service: 'codedeploy',
      resource,
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  return [
    allow(
      'Deploy',
      ['codedeploy:CreateDeployment', 'codedeploy:GetDeployment', 'codedeploy:GetDeploymentGroup'],
      unique(
        groups.map(({ application, deploymentGroup }) =>
          arn('deploymentgroup', `${application}/${deploymentGroup}`),
        ),
      ),
    ),
    allow(
      'RegisterRevisions',
      ['codedeploy:RegisterApplicationRevision'],
      unique(groups.map(({ application }) => arn('application', application))),
    ),
    allow(
      'ReadDeploymentConfigs',
      ['codedeploy:GetDeploymentConfig'],
      [arn('deploymentconfig', '*')],
    ),
  ];
}

function kubernetesStatements(
  scope: IConstruct,
  deployments: readonly Of<'kubernetes'>[],
): PolicyStatement[] {
  if (deployments.length === 0) return [];
  const arns = deployments.map(({ cluster }) =>
    arnOf(scope, { service: 'eks', resource: 'cluster', resourceName: cluster }),
  );
  // What it may do in there is for the cluster's own access entry and role to say.
  return [allow('FindClusters', ['eks:DescribeCluster'], unique(arns))];
}

/** UpdateFunctionConfiguration could replace environment, layers and handler: only where a consumer asks for it. */
function lambdaStatements(
  scope: IConstruct,
  functions: readonly Of<'lambda'>[],
): PolicyStatement[] {
  if (functions.length === 0) return [];
  const arns = functions.map((one) => functionArn(scope, one));
  return [
    allow(
      'DescribeFunctions',
      ['lambda:GetFunctionConfiguration', 'lambda:UpdateFunctionConfiguration'],
      unique(arns),
    ),
  ];
}

function webhookStatements(
  hooks: readonly Of<'webhook'>[],
  secrets: Readonly<Record<string, SecretReference>>,
): PolicyStatement[] {
  const keys = unique(hooks.map(({ signingSecret }) => signingSecret));
  const signing = keys.flatMap((key) => secrets[key] ?? []);
  return signing.length === 0
    ? []
    : [
        readValues('ReadSigningSecrets', signing, ['AWSCURRENT']),
        useKeyOf('UseKeyOfSigningSecrets', signing, ['kms:Decrypt']),
      ];
}

const arnOf = (scope: IConstruct, parts: Parameters<Stack['formatArn']>[0]): string =>
  Stack.of(scope).formatArn(parts);

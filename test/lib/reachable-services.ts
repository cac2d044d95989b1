/**
 * Which services each function inside a VPC may call, from the policies of a template alone, and whether its
 * network leads there. It knows nothing of how the constructs decide which endpoints they make.
 */
import type { Resource } from './synthesized.ts';

export interface Placed {
  functionName: string;
  vpc: string;
  services: string[];
}

interface PolicyStatement {
  Effect: string;
  Action: string | string[];
  Condition?: Record<string, Record<string, unknown>>;
}

type Resources = Readonly<Record<string, Resource>>;
const list = <T>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/**
 * Lambda makes these calls itself, with the function's role and from outside of the VPC: it writes the log,
 * makes the interfaces in the subnets, and its daemon sends the trace.
 */
const byLambdaItself = new Set(['logs', 'ec2', 'xray']);

export function placedFunctions(resources: Resources): Placed[] {
  return Object.values(resources)
    .filter(({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.VpcConfig)
    .map(({ Properties }) => ({
      functionName: Properties.FunctionName,
      vpc: vpcOf(resources, Properties.VpcConfig.SecurityGroupIds[0]),
      services: [
        ...new Set(policiesOf(resources, Properties.Role['Fn::GetAtt'][0]).flatMap(servicesCalled)),
      ].sort(),
    }));
}

/** Every statement of every policy of the role, wherever the template keeps it. */
function policiesOf(resources: Resources, role: string): PolicyStatement[] {
  const inline = list(resources[role]?.Properties.Policies).map((one) => one.PolicyDocument);
  const attached = Object.values(resources)
    .filter(({ Type }) => Type === 'AWS::IAM::Policy' || Type === 'AWS::IAM::ManagedPolicy')
    .filter(({ Properties }) => list(Properties.Roles).some((name) => name.Ref === role))
    .map(({ Properties }) => Properties.PolicyDocument);
  if (list(resources[role]?.Properties.ManagedPolicyArns).length > 0) {
    throw new Error(`${role} has managed policies that the template does not hold`);
  }
  return [...inline, ...attached].flatMap(({ Statement }) => list<PolicyStatement>(Statement));
}

function servicesCalled({ Effect, Action, Condition }: PolicyStatement): string[] {
  // The key is used by the service it encrypts for, which calls KMS from its own network.
  const byAnother = Condition?.StringEquals?.['kms:ViaService'] !== undefined;
  return Effect !== 'Allow'
    ? []
    : list(Action)
        .map((action) => action.split(':')[0] ?? '')
        .filter((service) => !byLambdaItself.has(service) && !(service === 'kms' && byAnother));
}

/** The services of the endpoints in each VPC. */
function endpointsIn(resources: Resources): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { Type, Properties } of Object.values(resources)) {
    if (Type === 'AWS::EC2::VPCEndpoint') {
      const service = JSON.stringify(Properties.ServiceName).match(/\.(\w+)"/)?.[1] ?? '';
      const vpc = JSON.stringify(Properties.VpcId);
      found.set(vpc, [...(found.get(vpc) ?? []), service]);
    }
  }
  return found;
}

/** What is missing, and what is there for nobody. */
export function endpointFindings(resources: Resources): string[] {
  const placed = placedFunctions(resources);
  const endpoints = endpointsIn(resources);
  const missing = placed.flatMap(({ functionName, vpc, services }) =>
    services
      .filter((service) => !endpoints.get(vpc)?.includes(service))
      .map((service) => `${functionName} calls ${service}, which has no endpoint in its network`),
  );
  const needless = [...endpoints].flatMap(([vpc, services]) =>
    services
      .filter((service) => !placed.some((one) => one.vpc === vpc && one.services.includes(service)))
      .map((service) => `the endpoint of ${service} is called by no function of its network`),
  );
  return [...missing, ...needless];
}

function vpcOf(resources: Resources, groupId: unknown): string {
  const id = (groupId as { 'Fn::GetAtt': string[] })['Fn::GetAtt'][0] ?? '';
  return JSON.stringify(resources[id]?.Properties.VpcId);
}

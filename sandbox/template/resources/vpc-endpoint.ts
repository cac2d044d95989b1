/** AWS::EC2::VPCEndpoint and AWS::EC2::FlowLog. */
import { createHash } from 'node:crypto';
import type { Endpoint } from '../../ec2/networks.ts';
import type { PolicyDocument } from '../../iam/policy.ts';
import { assertSupportedPolicy } from '../../iam/validate.ts';
import { SandboxLoadError } from '../load-error.ts';
import { flag, list, optionalText, present, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

export const vpcEndpoint: ResourceType = {
  properties: [
    ...['VpcId', 'ServiceName', 'VpcEndpointType', 'PolicyDocument', 'PrivateDnsEnabled', 'Tags'],
    ...['SubnetIds', 'SecurityGroupIds', 'RouteTableIds'],
  ],
  create(declared, world) {
    const id = `vpce-${digits(declared)}`;
    const endpoint = endpointOf(declared);
    assertOnlyOne(declared, endpoint, world);
    world.networks.endpoints.set(id, endpoint);
    return { ref: id, attributes: { Id: id } };
  },
  replacement: ['VpcId', 'ServiceName', 'VpcEndpointType'],
  update({ ref }, declared, { networks }) {
    networks.endpoints.set(ref, endpointOf(declared));
  },
  delete({ ref }, { networks }) {
    networks.endpoints.delete(ref);
  },
};

function endpointOf(declared: Declared): Endpoint {
  const type = optionalText(declared, 'VpcEndpointType') ?? 'Gateway';
  if (type !== 'Interface' && type !== 'Gateway') {
    throw new SandboxLoadError(`${declared.logicalId}: a ${type} endpoint is not simulated.`);
  }
  const policy = declared.properties.PolicyDocument as PolicyDocument | undefined;
  if (policy !== undefined) {
    assertSupportedPolicy(policy, `policy of endpoint ${declared.logicalId}`, 'resource');
    assertGatewayPrincipals(declared, type, policy);
  }
  return {
    type,
    vpcId: text(declared, 'VpcId'),
    service: text(declared, 'ServiceName').split('.').at(-1) ?? '',
    privateDns: flag(declared, 'PrivateDnsEnabled', false),
    subnetIds: list<string>(declared, 'SubnetIds'),
    groupIds: list<string>(declared, 'SecurityGroupIds'),
    routeTableIds: list<string>(declared, 'RouteTableIds'),
    ...present({ policy }),
  };
}

/** vpc/latest/privatelink/vpc-endpoints-access.html, "Principals for gateway endpoints". */
function assertGatewayPrincipals(declared: Declared, type: string, policy: PolicyDocument): void {
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  if (type === 'Gateway' && statements.some(({ Principal }) => Principal !== '*')) {
    throw new SandboxLoadError(
      `${declared.logicalId}: the policy of a gateway endpoint names a principal; EC2 takes "*" there, ` +
        'and the condition key aws:PrincipalArn.',
    );
  }
}

/** EC2's own refusals of a second endpoint. */
function assertOnlyOne(declared: Declared, made: Endpoint, { networks }: World): void {
  for (const other of networks.endpoints.values()) {
    if (other.vpcId !== made.vpcId || other.service !== made.service || other.type !== made.type) {
      continue;
    }
    if (made.type === 'Interface' && made.privateDns && other.privateDns) {
      throw new SandboxLoadError(
        `${declared.logicalId}: private-dns-enabled cannot be set because there is already a conflicting ` +
          `DNS domain for ${made.service} in the VPC ${made.vpcId}`,
      );
    }
    const table = made.routeTableIds.find((id) => other.routeTableIds.includes(id));
    if (table !== undefined) {
      throw new SandboxLoadError(
        `${declared.logicalId}: route table ${table} already has a route with the prefix list of ${made.service}`,
      );
    }
  }
}

export const flowLog: ResourceType = {
  properties: [
    ...['ResourceId', 'ResourceType', 'TrafficType', 'LogDestinationType', 'LogGroupName'],
    ...[
      'LogDestination',
      'DeliverLogsPermissionArn',
      'MaxAggregationInterval',
      'LogFormat',
      'Tags',
    ],
  ],
  create(declared, { iam, account, region, notSimulated }) {
    const id = `fl-${digits(declared)}`;
    const roleArn = optionalText(declared, 'DeliverLogsPermissionArn');
    const arn = `arn:aws:ec2:${region}:${account}:vpc-flow-log/${id}`;
    if (
      roleArn !== undefined &&
      !iam.serviceMayAssume(roleArn, 'vpc-flow-logs.amazonaws.com', arn)
    ) {
      throw new SandboxLoadError(
        `${declared.logicalId}: vpc-flow-logs.amazonaws.com may not assume ${roleArn}.`,
      );
    }
    notSimulated(`${declared.logicalId} (AWS::EC2::FlowLog): no flow is recorded`);
    return { ref: id, attributes: { Id: id } };
  },
  replacement: [
    ...['ResourceId', 'ResourceType', 'TrafficType', 'LogDestinationType', 'LogGroupName'],
    ...['LogDestination', 'DeliverLogsPermissionArn', 'MaxAggregationInterval', 'LogFormat'],
  ],
  update() {},
  delete() {},
};

function digits(declared: Declared): string {
  const hash = createHash('sha256').update(declared.generatedName(200));
  return hash.digest('hex').slice(0, 17);
}

/** AWS::EC2: what decides whether a function inside a VPC reaches a service. */
import { createHash } from 'node:crypto';
import { egressToEverywhere, type Rule } from '../../ec2/security-group.ts';
import { SandboxLoadError } from '../load-error.ts';
import { list, optionalText, present, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

/** EC2's ids: a prefix and 17 hexadecimal digits, here the same at every load. */
function idOf(prefix: string, declared: Declared): string {
  const hash = createHash('sha256').update(declared.generatedName(200)).digest('hex');
  return `${prefix}-${hash.slice(0, 17)}`;
}

export const vpc: ResourceType = {
  properties: ['CidrBlock', 'EnableDnsHostnames', 'EnableDnsSupport', 'InstanceTenancy', 'Tags'],
  create(declared, { networks }) {
    const id = idOf('vpc', declared);
    const cidr = text(declared, 'CidrBlock');
    networks.vpcs.set(id, { cidr });
    return { ref: id, attributes: { VpcId: id, CidrBlock: cidr } };
  },
  replacement: ['CidrBlock'],
  update() {},
  delete({ ref, logicalId }, { networks }) {
    const used = [...networks.subnets.values(), ...networks.groups.values()];
    assertUnused(
      logicalId,
      used.some(({ vpcId }) => vpcId === ref),
    );
    networks.vpcs.delete(ref);
  },
};

export const subnet: ResourceType = {
  properties: ['VpcId', 'CidrBlock', 'AvailabilityZone', 'MapPublicIpOnLaunch', 'Tags'],
  create(declared, { networks, region }) {
    const id = idOf('subnet', declared);
    const vpcId = text(declared, 'VpcId');
    networks.subnets.set(id, { vpcId, cidr: text(declared, 'CidrBlock') });
    const AvailabilityZone = optionalText(declared, 'AvailabilityZone') ?? `${region}a`;
    return { ref: id, attributes: { SubnetId: id, VpcId: vpcId, AvailabilityZone } };
  },
  replacement: ['VpcId', 'CidrBlock', 'AvailabilityZone'],
  update() {},
  delete({ ref }, { networks }) {
    networks.subnets.delete(ref);
  },
};

export const routeTable: ResourceType = {
  properties: ['VpcId', 'Tags'],
  create(declared) {
    const id = idOf('rtb', declared);
    return { ref: id, attributes: { RouteTableId: id } };
  },
  replacement: ['VpcId'],
  update() {},
  delete() {},
};

/** Only a default route matters here, and only one that an interface without a public address can use. */
export const route: ResourceType = {
  properties: [
    ...['RouteTableId', 'DestinationCidrBlock', 'NatGatewayId', 'TransitGatewayId'],
    ...['NetworkInterfaceId', 'VpcPeeringConnectionId', 'VpcEndpointId', 'GatewayId'],
  ],
  create(declared, { networks }) {
    const id = idOf('route', declared);
    const usable = ['NatGatewayId', 'TransitGatewayId', 'NetworkInterfaceId', 'VpcEndpointId'];
    if (
      declared.properties.DestinationCidrBlock === '0.0.0.0/0' &&
      usable.some((target) => declared.properties[target] !== undefined)
    ) {
      networks.waysOut.set(id, text(declared, 'RouteTableId'));
    }
    return { ref: id, attributes: { CidrBlock: text(declared, 'DestinationCidrBlock') } };
  },
  delete({ ref }, { networks }) {
    networks.waysOut.delete(ref);
  },
};

export const subnetRouteTableAssociation: ResourceType = {
  properties: ['SubnetId', 'RouteTableId'],
  create(declared, { networks }) {
    const subnetId = text(declared, 'SubnetId');
    networks.routing.set(subnetId, text(declared, 'RouteTableId'));
    const id = idOf('rtbassoc', declared);
    return { ref: id, attributes: { Id: id } };
  },
  replacement: ['SubnetId', 'RouteTableId'],
  update() {},
  delete({ properties }, { networks }) {
    const subnetId = String(properties.SubnetId);
    // The one that replaces it was made before this one goes.
    if (networks.routing.get(subnetId) === properties.RouteTableId) {
      networks.routing.delete(subnetId);
    }
  },
};

export const securityGroup: ResourceType = {
  properties: [
    ...['GroupName', 'GroupDescription', 'VpcId', 'Tags'],
    ...['SecurityGroupIngress', 'SecurityGroupEgress'],
  ],
  create(declared, { networks }) {
    const id = idOf('sg', declared);
    const vpcId = text(declared, 'VpcId');
    networks.groups.set(id, { vpcId, ingress: new Map(), egress: new Map() });
    putOwnRules(id, declared, networks);
    return { ref: id, attributes: { GroupId: id, Id: id, VpcId: vpcId } };
  },
  replacement: ['VpcId', 'GroupDescription', 'GroupName'],
  update({ ref }, declared, { networks }) {
    for (const rules of [networks.groups.get(ref)?.ingress, networks.groups.get(ref)?.egress]) {
      for (const ruleId of [...(rules?.keys() ?? [])].filter((key) => key.startsWith('own-'))) {
        rules?.delete(ruleId);
      }
    }
    putOwnRules(ref, declared, networks);
  },
  delete({ ref }, { networks }) {
    networks.groups.delete(ref);
  },
};

function putOwnRules(id: string, declared: Declared, networks: World['networks']): void {
  const ingress = list<RuleProperties>(declared, 'SecurityGroupIngress').map(toRule);
  const declaredEgress = list<RuleProperties>(declared, 'SecurityGroupEgress').map(toRule);
  const egress = declaredEgress.length === 0 ? [egressToEverywhere] : declaredEgress;
  ingress.forEach((rule, index) => void networks.addRule('ingress', id, `own-${index}`, rule));
  egress.forEach((rule, index) => void networks.addRule('egress', id, `own-${index}`, rule));
}

interface RuleProperties {
  IpProtocol: string;
  FromPort?: number;
  ToPort?: number;
  CidrIp?: string;
  SourceSecurityGroupId?: string;
  DestinationSecurityGroupId?: string;
  SourcePrefixListId?: string;
  DestinationPrefixListId?: string;
}

function toRule(properties: RuleProperties): Rule {
  const { IpProtocol, FromPort, ToPort, CidrIp } = properties;
  return {
    protocol: String(IpProtocol),
    ...present({
      fromPort: FromPort === undefined ? undefined : Number(FromPort),
      toPort: ToPort === undefined ? undefined : Number(ToPort),
      cidr: CidrIp,
      groupId: properties.SourceSecurityGroupId ?? properties.DestinationSecurityGroupId,
      prefixListId: properties.SourcePrefixListId ?? properties.DestinationPrefixListId,
    }),
  };
}

const rule = (direction: 'ingress' | 'egress', side: 'Source' | 'Destination'): ResourceType => {
  const properties = [
    ...['GroupId', 'IpProtocol', 'FromPort', 'ToPort', 'CidrIp', 'Description'],
    ...[`${side}SecurityGroupId`, `${side}PrefixListId`],
  ];
  return {
    properties,
    create(declared, { networks }) {
      const id = idOf('sgr', declared);
      const made = toRule(declared.properties as unknown as RuleProperties);
      networks.addRule(direction, text(declared, 'GroupId'), id, made);
      return { ref: id, attributes: { Id: id } };
    },
    replacement: properties.filter((name) => name !== 'Description'),
    update() {},
    delete({ ref }, { networks }) {
      networks.removeRule(ref);
    },
  };
};
export const securityGroupIngress = rule('ingress', 'Source');
export const securityGroupEgress = rule('egress', 'Destination');

function assertUnused(logicalId: string, used: boolean): void {
  if (used) {
    throw new SandboxLoadError(
      `${logicalId}: The vpc has dependencies and cannot be deleted. (DependencyViolation)`,
    );
  }
}

/**
 * A VPC of isolated subnets: no gateway to the internet, no NAT, one route table with the local route. Its
 * resources are of the first level, because the construct library's own VPC asks the account for its
 * Availability Zones, and synthesis needs no account.
 */
import {
  CfnFlowLog,
  CfnRouteTable,
  CfnSecurityGroup,
  CfnSubnet,
  CfnSubnetRouteTableAssociation,
  CfnVPC,
} from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Aws, Fn, RemovalPolicy, Tags } from 'aws-cdk-lib/core';
import { Construct, DependencyGroup } from 'constructs';
import { split } from '../domain/config/cidr.ts';
import type { NewNetworkConfig } from '../domain/config/network-schema.ts';
import { type NetworkPlace, nothing } from './function-network.ts';
import { managedPolicies } from './managed-policies.ts';
import { allow } from './statements.ts';

export interface IsolatedVpcProps {
  readonly name: string;
  readonly network: NewNetworkConfig;
  /** Encrypts the flow logs. @default a key that CloudWatch Logs owns */
  readonly logKey?: IKey | undefined;
}

/** Quarters, whether two or three are used: a third zone later moves nothing. */
const parts = 4;

export class IsolatedVpc extends Construct {
  readonly place: NetworkPlace;

  constructor(scope: Construct, id: string, { name, network, logKey }: IsolatedVpcProps) {
    super(scope, id);
    const vpc = new CfnVPC(this, 'Vpc', {
      cidrBlock: network.cidr,
      // Both are what private DNS of the interface endpoints rests on.
      enableDnsSupport: true,
      enableDnsHostnames: true,
    });
    const vpcId = vpc.attrVpcId;
    const routeTableId = new CfnRouteTable(this, 'Routes', { vpcId }).attrRouteTableId;
    const routed = new DependencyGroup();
    const subnets = split(network.cidr, parts)
      .slice(0, network.availabilityZones)
      .map((cidrBlock, index) => {
        const subnet = new CfnSubnet(this, `Subnet${index + 1}`, {
          vpcId,
          cidrBlock,
          availabilityZone: Fn.select(index, Fn.getAzs()),
          mapPublicIpOnLaunch: false,
        });
        const association = { subnetId: subnet.attrSubnetId, routeTableId };
        routed.add(new CfnSubnetRouteTableAssociation(this, `Route${index + 1}`, association));
        return subnet.attrSubnetId;
      });
    const databases = new CfnSecurityGroup(this, 'Databases', {
      vpcId,
      groupDescription: `Quarterturn: for the databases of network ${name}`,
      // A database answers, it does not call.
      securityGroupEgress: [nothing],
    });
    this.#recordFlows(vpcId, logKey);
    Tags.of(this).add('Name', `quarterturn-${name}`);
    this.place = {
      vpcId,
      subnetIds: subnets,
      databaseSecurityGroupId: databases.attrGroupId,
      endpoints: 'create',
      routeTableIds: [routeTableId],
      prefixListIds: network.prefixListIds,
      ready: routed,
    };
  }

  /** Accepted and refused alike: a blocked port is the first question when nothing answers. */
  #recordFlows(resourceId: string, logKey: IKey | undefined): void {
    const logs = new LogGroup(this, 'FlowLogs', {
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(logKey && { encryptionKey: logKey }),
    });
    // vpc/latest/userguide/flow-logs-iam-role.html, with the conditions it recommends.
    const role = new Role(this, 'FlowLogsRole', {
      assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    const policies = managedPolicies(this, 'FlowLogsPolicy', {
      roles: [role],
      statements: [
        allow(
          'WriteFlows',
          ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
          [logs.logGroupArn],
        ),
      ],
    });
    const flowLog = new CfnFlowLog(this, 'FlowLog', {
      resourceType: 'VPC',
      resourceId,
      trafficType: 'ALL',
      logDestinationType: 'cloud-watch-logs',
      logGroupName: logs.logGroupName,
      deliverLogsPermissionArn: role.roleArn,
    });
    flowLog.node.addDependency(...policies);
  }
}

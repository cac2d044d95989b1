/** The networks of the configuration, each a place in a VPC that exists or in one that is made. */
import type { ISecurityGroup, ISubnet, IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnOutput, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { FunctionNetwork, type NetworkPlace } from './function-network.ts';
import { IsolatedVpc } from './isolated-vpc.ts';

export interface NetworksProps {
  readonly config: RotationConfig;
  /** Encrypts the flow logs of a new VPC. @default a key that CloudWatch Logs owns */
  readonly logKey?: IKey | undefined;
  /** Places that an app hands in, by the name of the network they stand for; they win over the configuration. */
  readonly places?: Readonly<Record<string, NetworkPlace>> | undefined;
}

/** A place in a VPC of the same app. Others use that VPC, so its endpoints stay open to them. */
export function placeIn(
  vpc: IVpc,
  given: {
    /** Of the functions, one an Availability Zone. */
    readonly subnets: readonly ISubnet[];
    readonly databases: ISecurityGroup;
    /** @default 'create' */
    readonly endpoints?: 'create' | 'existing';
    readonly prefixListIds?: NetworkPlace['prefixListIds'];
  },
): NetworkPlace {
  const { subnets, databases, endpoints = 'create', prefixListIds } = given;
  return {
    vpcId: vpc.vpcId,
    subnetIds: subnets.map(({ subnetId }) => subnetId),
    databaseSecurityGroupId: databases.securityGroupId,
    endpoints,
    prefixListIds,
    ...(endpoints === 'create' && {
      routeTableIds: [...new Set(subnets.map(({ routeTable }) => routeTable.routeTableId))],
      vpcCidrs: [vpc.vpcCidrBlock],
    }),
  };
}

export class Networks extends Construct {
  readonly #byName = new Map<string, FunctionNetwork>();
  readonly #scope: Construct;

  constructor(scope: Construct, id: string, props: NetworksProps) {
    super(scope, id);
    this.#scope = scope;
    const { config, places = {} } = props;
    for (const name of new Set([...Object.keys(config.networks), ...Object.keys(places)])) {
      const network = new FunctionNetwork(this, name, {
        name,
        place: places[name] ?? this.#place(name, props),
        databasePorts: portsIn(name, config),
      });
      this.#byName.set(name, network);
      this.#output(
        `NetworkFunctions-${name}`,
        network.securityGroupIds[0] ?? '',
        `Security group of the functions in network "${name}"`,
      );
    }
  }

  /** @throws RangeError for a name that is no network */
  readonly of = (name: string | undefined): FunctionNetwork | undefined => {
    if (name === undefined) {
      return undefined;
    }
    const network = this.#byName.get(name);
    if (network === undefined) {
      throw new RangeError(`no network "${name}" in the configuration`);
    }
    return network;
  };

  #place(name: string, { config, logKey }: NetworksProps): NetworkPlace {
    const network = config.networks[name];
    if (network === undefined) {
      throw new RangeError(`no network "${name}" in the configuration`);
    }
    if ('vpcId' in network) {
      return network;
    }
    const { place } = new IsolatedVpc(this, `${name}Vpc`, { name, network, logKey });
    const subnets = Fn.join(',', [...place.subnetIds]);
    this.#output(`NetworkVpc-${name}`, place.vpcId, `VPC of network "${name}"`);
    this.#output(`NetworkSubnets-${name}`, subnets, `Subnets for the databases of "${name}"`);
    this.#output(
      `NetworkDatabases-${name}`,
      place.databaseSecurityGroupId,
      `Security group to give to the databases of network "${name}"`,
    );
    return place;
  }

  /** Beside the other outputs: one level more would be part of the output's name. */
  #output(id: string, value: string, description: string): void {
    new CfnOutput(this.#scope, id, { value, description });
  }
}

/** Exactly the ports of its databases; those that share one share the rule. */
function portsIn(name: string, config: RotationConfig): number[] {
  const ports = Object.values(config.secrets).flatMap((secret) =>
    secret.kind === 'database' && secret.network === name ? [secret.port] : [],
  );
  return [...new Set(ports)].sort((a, b) => a - b);
}

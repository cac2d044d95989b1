/** The networks of the configuration, each a place in a VPC that exists or in one that is made. */
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnOutput, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { NetworkConfig } from '../domain/config/network-schema.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { FunctionNetwork, type NetworkPlace } from './function-network.ts';
import { IsolatedVpc } from './isolated-vpc.ts';
import { withHost } from './placeholders.ts';

export interface NetworksProps {
  readonly config: RotationConfig;
  /** Encrypts the flow logs of a new VPC. @default a key that CloudWatch Logs owns */
  readonly logKey?: IKey | undefined;
}

export class Networks extends Construct {
  readonly #byName = new Map<string, FunctionNetwork>();
  readonly #scope: Construct;

  constructor(scope: Construct, id: string, props: NetworksProps) {
    super(scope, id);
    this.#scope = scope;
    const { config } = props;
    for (const [name, network] of Object.entries(config.networks)) {
      const made = new FunctionNetwork(this, name, {
        name,
        place: this.#place(name, network, props),
        databasePorts: portsIn(name, config),
        consumers: {
          ports: askedPorts(name, config),
          ranges: 'vpcId' in network ? (network.vpcCidrs ?? privateRanges) : [network.cidr],
        },
      });
      this.#byName.set(name, made);
      this.#output(
        `NetworkFunctions-${name}`,
        made.securityGroupIds[0] ?? '',
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

  #place(name: string, network: NetworkConfig, { logKey }: NetworksProps): NetworkPlace {
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

/** Exactly the ports of its databases and of the poolers in front of them; those that share one share the rule. A port may be a token. */
function portsIn(name: string, config: RotationConfig): number[] {
  const ports = Object.values(config.secrets).flatMap((secret) =>
    secret.kind === 'database' && secret.network === name
      ? [secret.port, ...(secret.endpoints ?? []).map(({ port }) => port)]
      : [],
  );
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** RFC 1918: of a VPC whose ranges nobody named. */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** Where its consumers serve what they are asked. A token in a URL is the host: the rules see to that. */
function askedPorts(name: string, { consumers }: RotationConfig): number[] {
  const ports = consumers.flatMap(({ health }) =>
    health?.network !== name
      ? []
      : [health.credentials, ...health.probes.map(({ url }) => url)].flatMap((text) => {
          if (text === undefined) return [];
          const { port, protocol } = new URL(withHost(text, 'deferred.example.com'));
          return Number(port) || (protocol === 'https:' ? 443 : 80);
        }),
  );
  return [...new Set(ports)].sort((a, b) => a - b);
}

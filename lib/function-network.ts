/** A place for functions in a VPC: their security group, what it lets out, and the endpoints they call. */
import {
  CfnSecurityGroup,
  CfnSecurityGroupEgress,
  CfnSecurityGroupIngress,
} from 'aws-cdk-lib/aws-ec2';
import type { IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Token } from 'aws-cdk-lib/core';
import { Construct, type IDependable } from 'constructs';
import { InvalidConfigError } from '../domain/config/rotation-config.ts';
import { Endpoint, endpointTypes } from './endpoint.ts';
import type { Network } from './room-function.ts';

/** Where, by ids; they may be tokens of the same app. */
export interface NetworkPlace {
  readonly vpcId: string;
  /** One an Availability Zone. */
  readonly subnetIds: readonly string[];
  /** Of the databases: their ports are opened for the functions. */
  readonly databaseSecurityGroupId: string;
  readonly endpoints: 'create' | 'existing';
  /** With `create`: where gateway endpoints are entered. */
  readonly routeTableIds?: readonly string[] | undefined;
  /** Ranges of a VPC that others use, too; absent: it is the functions' own. */
  readonly vpcCidrs?: readonly string[] | undefined;
  readonly prefixListIds?:
    | { readonly dynamodb: string; readonly s3?: string | undefined }
    | undefined;
  /** What makes it usable, when it is made in the same app. */
  readonly ready?: IDependable | undefined;
}

export interface FunctionNetworkProps {
  /** Its name in the configuration. */
  readonly name: string;
  readonly place: NetworkPlace;
  readonly databasePorts: readonly number[];
  /** Consumers that are asked whether they are well: on which ports, and in which IPv4 ranges they stand. */
  readonly consumers?: { readonly ports: readonly number[]; readonly ranges: readonly string[] };
}

/** Thrown when a function inside a VPC is granted what it could never call. */
export class UnreachableServiceError extends Error {
  override readonly name = 'UnreachableServiceError';
  readonly code = 'ERR_ROTATION_UNREACHABLE_SERVICE';
}

/**
 * Called by Lambda itself with the function's role, from outside of the VPC: log lines, the interfaces in
 * the subnets (lambda/latest/dg/configuration-vpc.html), trace segments.
 */
const calledByLambda: ReadonlySet<string> = new Set(['ec2', 'logs', 'xray']);

/** EC2 opens a new group to everywhere unless it is given a rule; this one lets nothing out. */
export const nothing = {
  cidrIp: '255.255.255.255/32',
  ipProtocol: 'icmp',
  fromPort: 252,
  toPort: 86,
  description: 'Nothing leaves by default',
};

export class FunctionNetwork extends Construct implements Network {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly label: string;
  readonly ready = this;
  readonly #props: FunctionNetworkProps;
  readonly #group: string;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #ways = new Set<string>();
  #endpointGroup: string | undefined;

  constructor(scope: Construct, id: string, props: FunctionNetworkProps) {
    super(scope, id);
    const { name, place, databasePorts } = props;
    this.#props = props;
    if (place.ready !== undefined) {
      this.node.addDependency(place.ready);
    }
    this.#group = this.#securityGroup('Functions', `Quarterturn: functions in network ${name}`);
    this.subnetIds = place.subnetIds;
    this.securityGroupIds = [this.#group];
    this.label = `${name} (${place.vpcId}, ${this.#group})`;
    for (const [index, port] of databasePorts.entries()) {
      const id = Token.isUnresolved(port) ? `At${index + 1}` : port;
      const rule = { ipProtocol: 'tcp', fromPort: port, toPort: port };
      new CfnSecurityGroupIngress(this, `DatabaseIngress${id}`, {
        ...rule,
        groupId: place.databaseSecurityGroupId,
        sourceSecurityGroupId: this.#group,
        description: `PostgreSQL for the functions of Quarterturn (${name})`,
      });
      new CfnSecurityGroupEgress(this, `DatabaseEgress${id}`, {
        ...rule,
        groupId: this.#group,
        destinationSecurityGroupId: place.databaseSecurityGroupId,
        description: 'PostgreSQL',
      });
    }
    this.#openToConsumers();
  }

  /** Sees to it that a function with this role reaches what these statements allow it to call. */
  serve(functionName: string, role: IRole, statements: readonly PolicyStatement[]): void {
    for (const statement of statements) {
      for (const service of servicesCalled(statement)) {
        const type = endpointTypes[service];
        if (type === undefined) {
          throw new UnreachableServiceError(
            `${functionName} stands in network "${this.#props.name}" and is allowed ${service}; expected calls of ${Object.keys(endpointTypes).join(', ')} only: no other service has an endpoint there. Let a function outside of every VPC call it`,
          );
        }
        this.#openWay(service, type === 'Gateway');
        if (this.#props.place.endpoints === 'create') {
          this.#endpoint(service).serve(role, statement);
        }
      }
    }
  }

  #endpoint(service: string): Endpoint {
    const made = this.#endpoints.get(service);
    if (made !== undefined) {
      return made;
    }
    const { place } = this.#props;
    const endpoint = new Endpoint(this, `Endpoint-${service}`, {
      service,
      vpcId: place.vpcId,
      shared: place.vpcCidrs !== undefined,
      subnetIds: place.subnetIds,
      securityGroupIds: endpointTypes[service] === 'Interface' ? [this.#groupOfEndpoints()] : [],
      routeTableIds: place.routeTableIds ?? [],
    });
    this.#endpoints.set(service, endpoint);
    return endpoint;
  }

  /** With private DNS, everybody in the VPC is led to the endpoint: in a shared one it admits them all. */
  #groupOfEndpoints(): string {
    if (this.#endpointGroup === undefined) {
      const { name, place } = this.#props;
      const group = this.#securityGroup('Endpoints', `Quarterturn: endpoints in network ${name}`);
      const https = { groupId: group, ipProtocol: 'tcp', fromPort: 443, toPort: 443 };
      new CfnSecurityGroupIngress(this, 'EndpointIngress', {
        ...https,
        sourceSecurityGroupId: this.#group,
        description: 'The functions of Quarterturn',
      });
      place.vpcCidrs?.forEach((cidrIp, index) => {
        new CfnSecurityGroupIngress(this, `EndpointIngressVpc${index + 1}`, {
          ...https,
          cidrIp,
          description: 'Everybody else in the VPC',
        });
      });
      this.#endpointGroup = group;
    }
    return this.#endpointGroup;
  }

  #openWay(service: string, gateway: boolean): void {
    const { endpoints, prefixListIds, vpcCidrs } = this.#props.place;
    if (gateway && prefixListIds !== undefined) {
      const list = prefixListIds[service as 'dynamodb' | 's3'];
      if (list === undefined) {
        throw new InvalidConfigError([
          `networks.${this.#props.name}.prefixListIds.${service}: found nothing; expected the id of the prefix list of ${service}, which a function in this network calls`,
        ]);
      }
      this.#egress(`EndpointEgress-${service}`, { destinationPrefixListId: list }, service);
    } else if (!gateway && endpoints === 'create') {
      const destinationSecurityGroupId = this.#groupOfEndpoints();
      this.#egress('EndpointEgress', { destinationSecurityGroupId }, 'Endpoints');
    } else if (!gateway && vpcCidrs !== undefined && prefixListIds !== undefined) {
      vpcCidrs.forEach((cidrIp, index) => {
        this.#egress(`EndpointEgressVpc${index + 1}`, { cidrIp }, 'Endpoints in the VPC');
      });
    } else {
      // The addresses behind a gateway endpoint are public ones that change, and the id of the prefix list
      // that holds them can only be looked up; in isolated subnets no other route exists for these addresses.
      const why = gateway ? 'Gateway endpoints: prefix lists not given' : 'Existing way out';
      this.#egress('EndpointEgressAnywhere', { cidrIp: '0.0.0.0/0' }, why);
    }
  }

  /** Whom they belong to, and which security group admits, is not known here: ranges of the network, exact ports. */
  #openToConsumers(): void {
    const { place, consumers = { ports: [], ranges: [] } } = this.#props;
    const { endpoints, prefixListIds, vpcCidrs } = place;
    // EC2 takes the same rule once.
    const toEndpoints = endpoints === 'existing' && prefixListIds !== undefined && vpcCidrs;
    for (const port of consumers.ports) {
      consumers.ranges.forEach((cidrIp, index) => {
        const id =
          port === 443 && toEndpoints
            ? `EndpointEgressVpc${index + 1}`
            : `ConsumerEgress${port}-${index + 1}`;
        this.#egress(id, { cidrIp }, 'Consumers, and whether they are well', port);
      });
    }
  }

  #egress(
    id: string,
    to: Partial<
      Record<'cidrIp' | 'destinationPrefixListId' | 'destinationSecurityGroupId', string>
    >,
    description: string,
    port = 443,
  ): void {
    if (this.#ways.has(id)) {
      return;
    }
    this.#ways.add(id);
    const rule = { ipProtocol: 'tcp', fromPort: port, toPort: port };
    new CfnSecurityGroupEgress(this, id, { groupId: this.#group, ...rule, ...to, description });
  }

  #securityGroup(id: string, groupDescription: string): string {
    return new CfnSecurityGroup(this, id, {
      vpcId: this.#props.place.vpcId,
      groupDescription,
      securityGroupEgress: [nothing],
    }).attrGroupId;
  }
}

/**
 * Services the function itself calls. The key of a secret or a table is used by its service, in the
 * function's name but from outside of the VPC (`kms:ViaService`).
 */
function servicesCalled({ actions, conditions }: PolicyStatement): Set<string> {
  const { StringEquals } = conditions as { StringEquals?: Record<string, unknown> };
  const throughAnother = StringEquals?.['kms:ViaService'] !== undefined;
  return new Set(
    actions
      .map((action) => action.split(':')[0] ?? action)
      .filter((service) => !calledByLambda.has(service) && !(service === 'kms' && throughAnother)),
  );
}

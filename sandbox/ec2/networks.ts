/**
 * The VPCs of the template, and the one question asked of them: how does a call from a function inside
 * reach a service of AWS? Connections to databases are the machine's own and are not judged.
 */
import type { PolicyDocument } from '../iam/policy.ts';
import { everywhere } from './address-range.ts';
import {
  admits,
  admitsGateway,
  egressToEverywhere,
  type Rule,
  type SecurityGroup,
  type Side,
} from './security-group.ts';

/** Where a function has its interfaces. */
export interface Placement {
  subnetIds: readonly string[];
  securityGroupIds: readonly string[];
}

export interface Endpoint {
  vpcId: string;
  /** Signing name of the service, e.g. "kms". */
  service: string;
  type: 'Interface' | 'Gateway';
  policy?: PolicyDocument;
  /** Interface. */
  privateDns: boolean;
  subnetIds: readonly string[];
  groupIds: readonly string[];
  /** Gateway. */
  routeTableIds: readonly string[];
}

/** `policy`: of the endpoint the call passes; none: it passes none, or one that lets everything through. */
export type Passage =
  | { reaches: true; policy?: PolicyDocument }
  | { reaches: false; why: 'NoVpcEndpoint' | 'BlockedBySecurityGroup' | 'NotInRouteTable' };

const HTTPS = 443;

export class Networks {
  readonly vpcs = new Map<string, { cidr: string }>();
  readonly subnets = new Map<string, { vpcId: string; cidr: string }>();
  readonly groups = new Map<string, SecurityGroup>();
  readonly endpoints = new Map<string, Endpoint>();
  /** Subnet → its route table. */
  readonly routing = new Map<string, string>();
  /** Route tables with a way out to everywhere that a private address can use: NAT, transit, appliance. */
  readonly waysOut = new Map<string, string>();

  /** A group in this template or outside of it. Outside of it nothing is known, and a rule changes nothing. */
  addRule(direction: 'ingress' | 'egress', groupId: string, ruleId: string, rule: Rule): void {
    this.groups.get(groupId)?.[direction].set(ruleId, rule);
  }

  removeRule(ruleId: string): void {
    for (const { ingress, egress } of this.groups.values()) {
      ingress.delete(ruleId);
      egress.delete(ruleId);
    }
  }

  /** The VPC, if any resource of the template says which. */
  vpcOf({ subnetIds, securityGroupIds }: Placement): string | undefined {
    const known = [
      ...subnetIds.map((id) => this.subnets.get(id)),
      ...securityGroupIds.map((id) => this.groups.get(id)),
    ];
    return known.find((resource) => resource !== undefined)?.vpcId;
  }

  /**
   * What the sandbox can know of it: a VPC of the template is known as a whole. Of another one only the
   * endpoints that the template makes there are; without any, it may have all, or a way out.
   */
  knowledgeOf(placement: Placement): 'whole' | 'endpoints' | 'nothing' {
    const vpcId = this.vpcOf(placement);
    if (vpcId !== undefined && this.vpcs.has(vpcId)) {
      return 'whole';
    }
    return [...this.endpoints.values()].some((endpoint) => endpoint.vpcId === vpcId)
      ? 'endpoints'
      : 'nothing';
  }

  passage(placement: Placement, service: string): Passage {
    if (this.knowledgeOf(placement) === 'nothing') {
      return { reaches: true };
    }
    const vpcId = this.vpcOf(placement);
    const endpoints = [...this.endpoints.values()].filter(
      (endpoint) =>
        endpoint.vpcId === vpcId &&
        endpoint.service === service &&
        // Without private DNS the service's own name leads past it.
        (endpoint.type === 'Gateway' || endpoint.privateDns),
    );
    // Routed and resolved to: whoever has an endpoint does not go another way.
    const [endpoint] = endpoints.filter((found) => this.#isRouted(placement, found));
    if (endpoint !== undefined) {
      return this.#through(placement, endpoint);
    }
    if (this.#hasWayOut(placement)) {
      return admitsGateway(this.#egressOf(placement), HTTPS)
        ? { reaches: true }
        : { reaches: false, why: 'BlockedBySecurityGroup' };
    }
    return { reaches: false, why: endpoints.length > 0 ? 'NotInRouteTable' : 'NoVpcEndpoint' };
  }

  #through(placement: Placement, endpoint: Endpoint): Passage {
    const { type, policy } = endpoint;
    const admitted =
      type === 'Gateway'
        ? admitsGateway(this.#egressOf(placement), HTTPS)
        : this.#connects(placement, endpoint);
    return admitted
      ? { reaches: true, ...(policy && { policy }) }
      : { reaches: false, why: 'BlockedBySecurityGroup' };
  }

  #connects({ subnetIds, securityGroupIds }: Placement, endpoint: Endpoint): boolean {
    const from: Side = { groupIds: securityGroupIds, cidrs: this.#cidrsOf(subnetIds) };
    const to: Side = { groupIds: endpoint.groupIds, cidrs: this.#cidrsOf(endpoint.subnetIds) };
    const ingress = this.#rulesOf(endpoint.groupIds, 'ingress', {
      protocol: '-1',
      cidr: everywhere,
    });
    return (
      admits(this.#rulesOf(securityGroupIds, 'egress', egressToEverywhere), HTTPS, to) &&
      admits(ingress, HTTPS, from)
    );
  }

  /** An interface endpoint is in the VPC's own range; a gateway endpoint is an entry in route tables. */
  #isRouted({ subnetIds }: Placement, { type, routeTableIds }: Endpoint): boolean {
    return (
      type === 'Interface' ||
      subnetIds.every((subnetId) => {
        const table = this.routing.get(subnetId);
        // Of a subnet outside of the template the table is not known.
        return table === undefined ? !this.subnets.has(subnetId) : routeTableIds.includes(table);
      })
    );
  }

  #hasWayOut({ subnetIds }: Placement): boolean {
    const tables = new Set(this.waysOut.values());
    return (
      subnetIds.length > 0 &&
      subnetIds.every((subnetId) => tables.has(this.routing.get(subnetId) ?? ''))
    );
  }

  #egressOf({ securityGroupIds }: Placement): Rule[] {
    return this.#rulesOf(securityGroupIds, 'egress', egressToEverywhere);
  }

  /** The rules of all groups together; `unknown` stands for a group outside of the template. */
  #rulesOf(groupIds: readonly string[], direction: 'ingress' | 'egress', unknown: Rule): Rule[] {
    return groupIds.flatMap((groupId) => {
      const group = this.groups.get(groupId);
      return group === undefined ? [unknown] : [...group[direction].values()];
    });
  }

  #cidrsOf(subnetIds: readonly string[]): string[] | undefined {
    const known = subnetIds.flatMap((subnetId) => this.subnets.get(subnetId)?.cidr ?? []);
    return known.length === subnetIds.length && known.length > 0 ? known : undefined;
  }
}

/** Security groups: stateful, so only who begins a connection is asked (vpc/latest/userguide/vpc-security-groups.html). */
import { covers, everywhere } from './address-range.ts';

export interface Rule {
  /** "tcp", "6", … or "-1" for every protocol and port. */
  protocol: string;
  fromPort?: number;
  toPort?: number;
  /** The other side: one of these. */
  cidr?: string;
  groupId?: string;
  prefixListId?: string;
}

export interface SecurityGroup {
  vpcId: string;
  /** By the id of the rule. */
  ingress: Map<string, Rule>;
  egress: Map<string, Rule>;
}

/** One side of a connection, as rules of the other side name it. */
export interface Side {
  groupIds: readonly string[];
  /** Ranges of its subnets; undefined when the template does not say. */
  cidrs: readonly string[] | undefined;
}

/** EC2 gives a group without egress rules this one. */
export const egressToEverywhere: Rule = { protocol: '-1', cidr: everywhere };

export function admits(rules: Iterable<Rule>, port: number, side: Side): boolean {
  return [...rules].some((rule) => isForPort(rule, port) && names(rule, side));
}

/** A gateway endpoint has public addresses, which prefix lists name; which list is whose is not known here. */
export function admitsGateway(rules: Iterable<Rule>, port: number): boolean {
  return [...rules].some(
    (rule) =>
      isForPort(rule, port) && (rule.cidr === everywhere || rule.prefixListId !== undefined),
  );
}

function isForPort({ protocol, fromPort, toPort }: Rule, port: number): boolean {
  if (protocol === '-1') {
    return true;
  }
  const from = fromPort ?? 0;
  return (protocol === 'tcp' || protocol === '6') && from <= port && port <= (toPort ?? from);
}

function names({ cidr, groupId }: Rule, { groupIds, cidrs }: Side): boolean {
  if (groupId !== undefined) {
    return groupIds.includes(groupId);
  }
  if (cidr === undefined) {
    return false;
  }
  // Without knowing the addresses no range can be refused.
  return cidrs === undefined || cidrs.every((inner) => covers(cidr, inner));
}

/** Rules of the networks of a configuration. Each answers with path, finding and remedy. */
import { cidrProblem } from './cidr.ts';
import { duplicates } from './duplicates.ts';
import type { ExistingNetworkConfig, NetworkConfig } from './network-schema.ts';
import type { RotationConfig } from './rotation-config.ts';
import { show } from './show.ts';

export function networkProblems(config: RotationConfig): string[] {
  return [
    ...useProblems(config),
    ...Object.entries(config.networks).flatMap(([name, network]) => {
      const path = `networks.${name}`;
      return 'vpcId' in network
        ? existingProblems(network, path)
        : rangeProblem(network.cidr, `${path}.cidr`);
    }),
    ...sharedVpcProblems(config.networks),
  ];
}

function useProblems({ secrets, consumers, networks }: RotationConfig): string[] {
  const uses = Object.entries(secrets).flatMap(([key, secret]) =>
    secret.kind === 'database' && secret.network !== undefined
      ? [{ key, name: secret.network }]
      : [],
  );
  const names = Object.keys(networks);
  return [
    ...uses
      .filter(({ name }) => networks[name] === undefined)
      .map(
        ({ key, name }) =>
          `secrets.${key}.network: found ${show(name)}; expected a network of this configuration (${names.join(', ') || 'there is none'})`,
      ),
    ...names
      .filter((name) => uses.every((use) => use.name !== name))
      .filter((name) => consumers.every(({ health }) => health?.network !== name))
      .map(
        (name) =>
          `networks.${name}: found a network no secret uses; expected a database secret with network: "${name}", a consumer's health that names it, or no such network`,
      ),
  ];
}

function existingProblems(network: ExistingNetworkConfig, path: string): string[] {
  const { endpoints, subnetIds, routeTableIds, vpcCidrs, prefixListIds } = network;
  const problems = [
    ...duplicates(subnetIds, (id) => id, `${path}.subnetIds`, 'subnet'),
    ...duplicates(routeTableIds ?? [], (id) => id, `${path}.routeTableIds`, 'route table'),
    ...duplicates(vpcCidrs ?? [], (range) => range, `${path}.vpcCidrs`, 'range'),
    ...(vpcCidrs ?? []).flatMap((range, index) =>
      rangeProblem(range, `${path}.vpcCidrs.${index}`, 'any'),
    ),
  ];
  if (endpoints === 'create') {
    if (routeTableIds === undefined) {
      problems.push(
        `${path}.routeTableIds: found nothing; expected the route tables of its subnets, where the gateway endpoints are entered, or endpoints: "existing"`,
      );
    }
    if (vpcCidrs === undefined) {
      problems.push(
        `${path}.vpcCidrs: found nothing; expected the IPv4 ranges of the VPC, which the made endpoints admit: with private DNS they are everybody's in it; or endpoints: "existing"`,
      );
    }
    return problems;
  }
  if (routeTableIds !== undefined) {
    problems.push(
      `${path}.routeTableIds: found route tables with endpoints "existing"; nothing is entered there. Remove them, or expected endpoints: "create"`,
    );
  }
  if ((vpcCidrs === undefined) !== (prefixListIds === undefined)) {
    const missing = vpcCidrs === undefined ? 'vpcCidrs' : 'prefixListIds';
    const given = vpcCidrs === undefined ? 'prefixListIds' : 'vpcCidrs';
    problems.push(
      `${path}.${missing}: found nothing beside ${given}; with endpoints "existing" expected both, for exact egress rules, or neither, for port 443 to every address`,
    );
  }
  return problems;
}

function rangeProblem(range: string, path: string, whose: 'private' | 'any' = 'private'): string[] {
  const expected = cidrProblem(range, whose);
  return expected === undefined ? [] : [`${path}: found "${range}"; expected ${expected}`];
}

/** A VPC has one endpoint with private DNS a service: a second one is refused by EC2 when it is deployed. */
function sharedVpcProblems(networks: Readonly<Record<string, NetworkConfig>>): string[] {
  const makers = new Map<string, string>();
  return Object.entries(networks).flatMap(([name, network]) => {
    if (!('vpcId' in network) || network.endpoints !== 'create') {
      return [];
    }
    const first = makers.get(network.vpcId);
    makers.set(network.vpcId, first ?? name);
    return first === undefined
      ? []
      : [
          `networks.${name}.vpcId: found "${network.vpcId}", for which networks.${first} makes the endpoints; expected endpoints: "existing" in all but one network of a VPC, or another VPC`,
        ];
  });
}

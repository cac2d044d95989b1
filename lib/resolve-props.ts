/** Props of an app as a checked configuration: constructs become words, words are checked by the rules of the file. */
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  InvalidConfigError,
  parseRotationConfig,
  type RotationConfig,
} from '../domain/config/rotation-config.ts';
import { existingSecretWords } from './existing-secret.ts';
import { deferTokens } from './placeholders.ts';
import type { QuarterturnProps, VpcNetworkProps } from './quarterturn-props.ts';

export interface ResolvedProps {
  /** Checked, its defaults filled in; holds tokens where the props did. */
  readonly config: RotationConfig;
  readonly encryptionKey: IKey | undefined;
  readonly operatorRoles: readonly IRole[];
  /** Roles by the name of a consumer. */
  readonly consumerRoles: ReadonlyMap<string, readonly IRole[]>;
  readonly configDirectory: string;
  readonly lambdasDirectory: string | undefined;
}

/** Stands for what an app of no fixed environment does not know. */
const anyAccount = '000000000000';
const anyRegion = 'us-east-1';

/** @throws InvalidConfigError naming every problem by its path in the props */
export function resolveProps(scope: Construct, props: QuarterturnProps): ResolvedProps {
  const { encryptionKey, operatorRoles, configDirectory, lambdasDirectory, ...words } = props;
  const problems: string[] = [];
  const problem = (path: string, message: string) => problems.push(`${path}: ${message}`);
  const stack = Stack.of(scope);
  const consumerRoles = new Map<string, readonly IRole[]>();
  const plain = {
    ...words,
    region: environment(words.region, stack.region, 'region', problem),
    ...(!Token.isUnresolved(stack.account) && { account: stack.account }),
    secrets: mapped(words.secrets, (secret, key) => ({
      ...secret,
      ...Object.fromEntries(
        (['adopt', 'admin', 'bootstrap'] as const)
          .filter((word) => word in secret)
          .map((word) => [
            word,
            existingSecretWords(Reflect.get(secret, word), (at, message) =>
              problem(`secrets.${key}.${word}.${at}`, message),
            ),
          ]),
      ),
    })),
    ...(words.networks && {
      networks: mapped(words.networks, (network) =>
        'vpc' in network ? vpcWords(network) : network,
      ),
    }),
    ...(Array.isArray(words.certificates) && {
      certificates: words.certificates.map((certificate, index) => ({
        ...certificate,
        ...(certificate?.secret !== undefined && {
          secret: existingSecretWords(certificate.secret, (at, message) =>
            problem(`certificates.${index}.secret.${at}`, message),
          ),
        }),
      })),
    }),
    ...(Array.isArray(words.consumers) && {
      consumers: words.consumers.map(({ roles, ...consumer }) => {
        consumerRoles.set(consumer.name, roles ?? []);
        return consumer;
      }),
    }),
  };
  environment(words.account, stack.account, 'account', problem);
  sameAccount(stack, operatorRoles ?? [], 'operatorRoles', problem);
  for (const [name, roles] of consumerRoles) {
    sameAccount(stack, roles, `consumers (${name}).roles`, problem);
  }

  const known = {
    region: Token.isUnresolved(stack.region) ? anyRegion : stack.region,
    account: Token.isUnresolved(stack.account) ? anyAccount : stack.account,
  };
  const deferred = deferTokens(scope, plain, known);
  const config = checked(deferred.document, [...problems, ...deferred.problems], deferred.tell);
  return {
    config: deferred.restore(config),
    encryptionKey,
    operatorRoles: operatorRoles ?? [],
    consumerRoles,
    configDirectory: configDirectory ?? process.cwd(),
    lambdasDirectory,
  };
}

/** A path that was refused already is not said to be missing, too. */
function checked(
  document: unknown,
  problems: readonly string[],
  tell: (message: string) => string,
): RotationConfig {
  const paths = problems.map((text) => text.slice(0, text.indexOf(':')));
  try {
    const config = parseRotationConfig(document);
    if (problems.length > 0) {
      throw new InvalidConfigError(problems);
    }
    return config;
  } catch (error) {
    if (!(error instanceof InvalidConfigError) || error.problems === problems) {
      throw error;
    }
    const more = error.problems.filter(
      (text) => !paths.some((path) => text.startsWith(`${path}:`)),
    );
    throw new InvalidConfigError([...problems, ...more.map(tell)]);
  }
}

/** Where it is deployed is the stack's to say. */
function environment(
  given: string | undefined,
  found: string,
  word: 'region' | 'account',
  problem: (path: string, message: string) => void,
): string {
  if (given !== undefined && given !== found) {
    problem(
      word,
      Token.isUnresolved(found)
        ? `found "${given}" in a stack without one; expected env: { ${word}: '${given}' } on the stack, or no ${word} here`
        : `found "${given}" in a stack of "${found}"; expected the stack's own, or none`,
    );
  }
  return found;
}

/** A policy is attached to roles of its own account; CloudFormation would look there for a role of that name. */
function sameAccount(
  stack: Stack,
  roles: readonly IRole[],
  path: string,
  problem: (path: string, message: string) => void,
): void {
  roles.forEach((role, index) => {
    const { account } = role.env;
    if (
      !Token.isUnresolved(account) &&
      !Token.isUnresolved(stack.account) &&
      account !== stack.account
    ) {
      problem(
        `${path}.${index}`,
        `found a role of account "${account}"; expected one of the stack's account "${stack.account}"`,
      );
    }
  });
}

function vpcWords({ vpc, subnets, databaseSecurityGroup, ...rest }: VpcNetworkProps): object {
  const selected = vpc.selectSubnets(subnets);
  const shared = {
    ...rest,
    vpcId: vpc.vpcId,
    subnetIds: selected.subnetIds,
    databaseSecurityGroupId: databaseSecurityGroup?.securityGroupId,
  };
  const cidr = cidrOf(vpc);
  if (rest.endpoints === 'existing') {
    // Exact egress needs both: to the gateways by prefix list, to the interfaces by the VPC's own range.
    const exact = rest.prefixListIds !== undefined && cidr !== undefined;
    return { ...shared, ...(exact && { vpcCidrs: [cidr] }) };
  }
  const tables = selected.subnets.map(({ routeTable }) => routeTable.routeTableId);
  return {
    ...shared,
    // Of an imported subnet without a route table this is undefined, and the rules say what is missing.
    ...(tables.every((id) => typeof id === 'string') && { routeTableIds: [...new Set(tables)] }),
    ...(cidr !== undefined && { vpcCidrs: [cidr] }),
  };
}

function cidrOf(vpc: VpcNetworkProps['vpc']): string | undefined {
  try {
    return vpc.vpcCidrBlock;
  } catch {
    // An imported VPC may not know; the rules say what is missing.
    return undefined;
  }
}

/** What is no record is left to the check. */
function mapped<Value extends object>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value, key: string) => unknown,
): unknown {
  if (typeof record !== 'object' || record === null) {
    return record;
  }
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null ? change(value, key) : value,
    ]),
  );
}

/**
 * One VPC endpoint of one AWS service, and its policy: the functions it serves reach through it what their
 * own policies name, and in a VPC of their own nobody else reaches anything.
 */

import { CfnVPCEndpoint } from 'aws-cdk-lib/aws-ec2';
import type { IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Aws, Lazy, Stack, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export type EndpointType = 'Interface' | 'Gateway';

/**
 * The services a function inside a VPC may call. Gateway endpoints cost nothing, interface endpoints do
 * (docs/network.md); another service would need another endpoint, so its caller belongs outside.
 */
export const endpointTypes: Readonly<Record<string, EndpointType>> = {
  dynamodb: 'Gateway',
  kms: 'Interface',
  s3: 'Gateway',
  secretsmanager: 'Interface',
};

/** vpc/latest/privatelink/vpc-endpoints-access.html: 20,480 characters; an entry of a role takes 100. */
const mostRoles = { own: 180, shared: 90 };

export interface EndpointProps {
  readonly service: string;
  readonly vpcId: string;
  /** Others use the VPC: what the endpoint takes over from their way out must stay open to them. */
  readonly shared: boolean;
  /** Interface endpoints: where their addresses are, and who may reach these. */
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** Gateway endpoints. */
  readonly routeTableIds: readonly string[];
}

/** Thrown when the policy of an endpoint would be larger than AWS takes it. */
export class EndpointPolicyTooLargeError extends Error {
  override readonly name = 'EndpointPolicyTooLargeError';
  readonly code = 'ERR_ROTATION_ENDPOINT_POLICY_TOO_LARGE';
}

export class Endpoint extends Construct {
  readonly #props: EndpointProps;
  readonly #actions = new Set<string>();
  readonly #resources = new Set<string>();
  readonly #roles = new Set<string>();

  constructor(scope: Construct, id: string, props: EndpointProps) {
    super(scope, id);
    this.#props = props;
    const type = endpointTypes[props.service];
    new CfnVPCEndpoint(this, 'Endpoint', {
      vpcId: props.vpcId,
      serviceName: `com.amazonaws.${Aws.REGION}.${props.service}`,
      policyDocument: Lazy.any({ produce: () => this.#policy() }),
      ...(type === 'Interface'
        ? {
            vpcEndpointType: 'Interface',
            // Without it the SDK would have to be told another host, and the functions refuse overrides.
            privateDnsEnabled: true,
            subnetIds: [...props.subnetIds],
            securityGroupIds: [...props.securityGroupIds],
          }
        : { vpcEndpointType: 'Gateway', routeTableIds: [...props.routeTableIds] }),
    });
  }

  /** Lets what this statement allows the role pass. */
  serve(role: IRole, { actions, resources }: PolicyStatement): void {
    const { service, shared } = this.#props;
    this.#roles.add(role.roleArn);
    for (const action of actions.filter((name) => name.startsWith(`${service}:`))) {
      this.#actions.add(action);
    }
    for (const resource of resources) {
      this.#resources.add(resource);
    }
    const most = shared ? mostRoles.shared : mostRoles.own;
    if (this.#roles.size > most) {
      throw new EndpointPolicyTooLargeError(
        `${this.node.path}: found more than ${most} functions in one network; the policy of an endpoint ends at 20,480 characters. Spread the secrets over several networks, or use endpoints: "existing"`,
      );
    }
  }

  #policy(): object {
    const own = [...this.#roles];
    // In the condition, because a gateway endpoint takes no other Principal than everybody.
    const statement = (Sid: string, Action: unknown, Resource: unknown, operator: string) => ({
      Sid,
      Effect: 'Allow',
      Principal: '*',
      Action,
      Resource,
      Condition: { [operator]: { 'aws:PrincipalArn': own } },
    });
    return {
      Version: '2012-10-17',
      Statement: [
        statement(
          'OwnFunctions',
          [...this.#actions].sort(),
          this.#namedResources(),
          'StringEquals',
        ),
        // As the default policy: what others may do is decided by their own policies, as before.
        ...(this.#props.shared ? [statement('OthersAsBefore', '*', '*', 'StringNotEquals')] : []),
      ],
    };
  }

  /**
   * The functions' own policies name each secret; here a hundred of them would not fit, so the secrets of
   * this account stand as one pattern, beside those of others that were given by ARN.
   */
  #namedResources(): string[] {
    const resources = [...this.#resources];
    if (this.#props.service !== 'secretsmanager') {
      return resources;
    }
    const { account } = Stack.of(this);
    const elsewhere = resources.filter(
      (arn) => !Token.isUnresolved(arn) && arn.split(':')[4] !== account,
    );
    return [
      `arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}:secret:*`,
      ...elsewhere,
    ];
  }
}

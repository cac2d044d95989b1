/** One function of one room, with a role and a log group of its own. */
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CfnManagedPolicy,
  PolicyDocument,
  type PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import {
  type CfnFunction,
  Code,
  Function as LambdaFunction,
  Runtime,
  RuntimeFamily,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct, type IDependable } from 'constructs';
import type { Deployment } from './deployment.ts';
import { managedPoliciesPerRole, managedPolicyCharacters, PolicyPages } from './policy-pages.ts';
import { allow } from './statements.ts';

/** A place in a VPC, as a function that is put there sees it. */
export interface Network {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** What its errors say when something does not answer: name, VPC and security group. */
  readonly label: string;
  /** What must stand before a function there can call anything. */
  readonly ready: IDependable;
  /** Sees to it that a function with this role reaches what these statements allow it to call. */
  serve(functionName: string, role: Role, statements: readonly PolicyStatement[]): void;
}

export interface RoomFunctionProps {
  readonly functionName: string;
  readonly description: string;
  /** The built folder of the room. */
  readonly room: string;
  readonly deployment: Pick<Deployment, 'lambdasDirectory' | 'keys'>;
  /** Typed by the caller with the room's own schema; what is undefined is left out. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @default 60 */
  readonly timeoutSeconds?: number;
  /** @default 512 */
  readonly memoryMegabytes?: number;
  /** @default nodejs24.x */
  readonly runtime?: keyof typeof runtimes;
  /** Files laid beside the bundle, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** @default outside of every VPC */
  readonly network?: Network | undefined;
}

/** Thrown when a room was never bundled. */
export class NotBuiltError extends Error {
  override readonly name = 'NotBuiltError';
  readonly code = 'ERR_ROTATION_NOT_BUILT';
}

const runtimes = {
  'nodejs22.x': new Runtime('nodejs22.x', RuntimeFamily.NODEJS),
  'nodejs24.x': new Runtime('nodejs24.x', RuntimeFamily.NODEJS),
} as const;

export class RoomFunction extends Construct {
  readonly functionArn: string;
  readonly functionName: string;
  readonly role: Role;
  readonly #network: Network | undefined;
  readonly #pages: PolicyPages;
  readonly #policies: CfnManagedPolicy[] = [];
  #lambda: LambdaFunction | undefined;

  constructor(scope: Construct, id: string, props: RoomFunctionProps) {
    super(scope, id);
    this.functionName = props.functionName;
    this.#network = props.network;
    // By name: roles refer to functions that refer to them.
    this.functionArn = Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: props.functionName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_YEAR,
      encryptionKey: props.deployment.keys.messages,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.#pages = new PolicyPages(this, {
      characters: () => managedPolicyCharacters,
      most: managedPoliciesPerRole,
      open: (page) => this.#policy(page),
    });
    this.#pages.add(
      allow('Log', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
      // Lambda's own daemon sends the segments, as the function's role; they hold names and times.
      allow('Trace', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], ['*']),
    );

    const made = withAsset(props, (code) => {
      const lambda = new LambdaFunction(this, 'Function', {
        functionName: props.functionName,
        description: props.description,
        runtime: runtimes[props.runtime ?? 'nodejs24.x'],
        handler: 'index.handler',
        code,
        role: this.role,
        logGroup,
        environment: defined({ ...props.environment, NETWORK: props.network?.label }),
        timeout: Duration.seconds(props.timeoutSeconds ?? 60),
        memorySize: props.memoryMegabytes ?? 512,
      });
      return lambda;
    });
    this.#lambda = made;
    made.node.addDependency(...this.#policies);
    const resource = made.node.defaultChild as CfnFunction;
    // Not through the L2 property: it writes a policy of its own.
    resource.tracingConfig = { mode: 'Active' };
    if (props.network !== undefined) {
      // The interfaces Lambda makes for the function; none of these actions knows a resource.
      this.allow(
        allow(
          'NetworkInterfaces',
          [
            'ec2:CreateNetworkInterface',
            'ec2:DeleteNetworkInterface',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeSubnets',
          ],
          ['*'],
        ),
      );
      resource.vpcConfig = {
        subnetIds: [...props.network.subnetIds],
        securityGroupIds: [...props.network.securityGroupIds],
      };
      // Secrets Manager tries the function as soon as the secret has a rotation rule.
      made.node.addDependency(props.network.ready);
    }
  }

  /**
   * Events it failed on three times go to this queue, with the rights of its role.
   * @param statements what the role needs for that
   */
  deadLettersTo(queueArn: string, ...statements: readonly PolicyStatement[]): void {
    this.allow(...statements);
    (this.#lambda?.node.defaultChild as CfnFunction).deadLetterConfig = { targetArn: queueArn };
  }

  /** What its role may do stands, before the function can be called: of policies that it shares with others. */
  after(...policies: readonly CfnManagedPolicy[]): void {
    this.#lambda?.node.addDependency(...policies);
  }

  allow(...statements: readonly PolicyStatement[]): void {
    this.#pages.add(...statements);
    this.#network?.serve(this.functionName, this.role, statements);
  }

  /** Managed, not inline: it is listed, versioned and compared like any other policy of the account. */
  #policy(page: number): (statement: PolicyStatement) => void {
    const document = new PolicyDocument();
    const policy = new CfnManagedPolicy(this, page === 1 ? 'Policy' : `Policy${page}`, {
      policyDocument: document,
      roles: [this.role.roleName],
    });
    this.#policies.push(policy);
    this.#lambda?.node.addDependency(policy);
    return (statement) => document.addStatements(statement);
  }
}

function defined(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

/** The asset is copied when the function is made, so a folder with files added need not outlive that. */
function withAsset<T>(props: RoomFunctionProps, make: (code: Code) => T): T {
  const built = join(props.deployment.lambdasDirectory, props.room);
  if (!existsSync(join(built, 'index.mjs'))) {
    throw new NotBuiltError(
      `no bundle of the function "${props.room}" (expected ${join(built, 'index.mjs')}); run \`npm run build\``,
    );
  }
  if (props.files === undefined || Object.keys(props.files).length === 0) {
    return make(Code.fromAsset(built));
  }
  const staged = mkdtempSync(join(tmpdir(), 'quarterturn-asset-'));
  try {
    cpSync(built, staged, { recursive: true });
    for (const [name, content] of Object.entries(props.files)) {
      writeFileSync(join(staged, name), content);
    }
    return make(Code.fromAsset(staged));
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

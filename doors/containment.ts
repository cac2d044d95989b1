/**
 * The door to resource policies of secrets, for one purpose: statements of ours that deny suspects, put beside what
 * stands there, and taken away again. Nothing else of a policy is changed.
 *
 * A deny in a resource policy wins over every allow (IAM user guide, "Policy evaluation logic"), also over what was
 * granted after it.
 */
import {
  DeleteResourcePolicyCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { awsCall, clientDefaults } from './aws-call.ts';

/** Sids hold letters and digits alone. */
const sidPrefix = 'QuarterturnContained';
export const containedSid = (emergency: string): string =>
  `${sidPrefix}${emergency.replaceAll(/[^A-Za-z0-9]/g, '')}`;

/** Everything that reads or changes the secret, and what would take the statement away. */
const denied = [
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecret',
  'secretsmanager:UpdateSecretVersionStage',
  'secretsmanager:RotateSecret',
  'secretsmanager:CancelRotateSecret',
  'secretsmanager:DeleteSecret',
  'secretsmanager:RestoreSecret',
  'secretsmanager:ReplicateSecretToRegions',
  'secretsmanager:RemoveRegionsFromReplication',
  'secretsmanager:StopReplicationToReplica',
  'secretsmanager:PutResourcePolicy',
  'secretsmanager:DeleteResourcePolicy',
  'secretsmanager:TagResource',
  'secretsmanager:UntagResource',
];

export interface ContainmentDoor {
  /**
   * @param principals ARNs of roles and users: `aws:PrincipalArn` of a session is its role's
   * @returns 'standing' when the statement is there already
   */
  deny(
    secretId: string,
    emergency: string,
    principals: readonly string[],
  ): Promise<'denied' | 'standing'>;
  /** @returns false when there is none of this emergency */
  lift(secretId: string, emergency: string): Promise<boolean>;
}

interface Policy {
  Version?: unknown;
  Statement?: unknown;
  [member: string]: unknown;
}
type Statement = Readonly<Record<string, unknown>>;

export class ResourcePolicyError extends Error {
  override readonly name = 'ResourcePolicyError';
  readonly code = 'ERR_ROTATION_RESOURCE_POLICY';
  constructor(secretId: string) {
    super(
      `The resource policy of ${secretId} is no JSON object with statements; expected one as GetResourcePolicy answers it. It was left as it is.`,
    );
  }
}

export function containment(client = new SecretsManagerClient(clientDefaults)): ContainmentDoor {
  async function read(secretId: string): Promise<{ policy: Policy; statements: Statement[] }> {
    const { ResourcePolicy } = await awsCall('GetResourcePolicy', () =>
      client.send(new GetResourcePolicyCommand({ SecretId: secretId })),
    );
    if (ResourcePolicy === undefined) {
      return { policy: { Version: '2012-10-17' }, statements: [] };
    }
    let policy: unknown;
    try {
      policy = JSON.parse(ResourcePolicy);
    } catch {
      throw new ResourcePolicyError(secretId);
    }
    if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) {
      throw new ResourcePolicyError(secretId);
    }
    // One statement may stand there without a list (IAM user guide, "Statement").
    const { Statement: found = [] } = policy as Policy;
    return {
      policy: policy as Policy,
      statements: (Array.isArray(found) ? found : [found]) as Statement[],
    };
  }

  async function write(secretId: string, policy: Policy, Statement: Statement[]): Promise<void> {
    // A policy without statements is none, and Secrets Manager takes none.
    await (Statement.length === 0
      ? awsCall('DeleteResourcePolicy', () =>
          client.send(new DeleteResourcePolicyCommand({ SecretId: secretId })),
        )
      : awsCall('PutResourcePolicy', () =>
          client.send(
            new PutResourcePolicyCommand({
              SecretId: secretId,
              ResourcePolicy: JSON.stringify({ ...policy, Statement }),
              BlockPublicPolicy: true,
            }),
          ),
        ));
  }

  return {
    async deny(secretId, emergency, principals) {
      const { policy, statements } = await read(secretId);
      const statement = {
        Sid: containedSid(emergency),
        Effect: 'Deny',
        Principal: '*',
        Action: denied,
        Resource: '*',
        Condition: { ArnEquals: { 'aws:PrincipalArn': [...principals].sort() } },
      };
      const others = statements.filter(({ Sid }) => Sid !== statement.Sid);
      const standing = statements.find(({ Sid }) => Sid === statement.Sid);
      if (JSON.stringify(standing) === JSON.stringify(statement)) return 'standing';
      await write(secretId, policy, [...others, statement]);
      return 'denied';
    },

    async lift(secretId, emergency) {
      const { policy, statements } = await read(secretId);
      const others = statements.filter(({ Sid }) => Sid !== containedSid(emergency));
      if (others.length === statements.length) return false;
      await write(secretId, policy, others);
      return true;
    },
  };
}

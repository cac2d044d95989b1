/**
 * The door to who holds a managed policy.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
 */
import {
  IAMClient,
  ListEntitiesForPolicyCommand,
  type ListEntitiesForPolicyCommandOutput,
} from '@aws-sdk/client-iam';
import { awsCall, clientDefaults } from './aws-call.ts';

/** Names, without their paths. */
export interface PolicyHolders {
  readonly roles: readonly string[];
  readonly users: readonly string[];
  /** Whoever is in them holds it, too; who that is, is not asked. */
  readonly groups: readonly string[];
}

export interface PolicyHoldersDoor {
  /** @throws AwsCallError */
  holdersOf(policyArn: string): Promise<PolicyHolders>;
}

export function policyHolders(client = new IAMClient(clientDefaults)): PolicyHoldersDoor {
  return {
    async holdersOf(policyArn) {
      const roles: string[] = [];
      const users: string[] = [];
      const groups: string[] = [];
      let marker: string | undefined;
      do {
        const page: ListEntitiesForPolicyCommandOutput = await awsCall(
          'ListEntitiesForPolicy',
          () =>
            client.send(
              new ListEntitiesForPolicyCommand({
                PolicyArn: policyArn,
                ...(marker && { Marker: marker }),
              }),
            ),
        );
        roles.push(...(page.PolicyRoles ?? []).flatMap(({ RoleName }) => RoleName ?? []));
        users.push(...(page.PolicyUsers ?? []).flatMap(({ UserName }) => UserName ?? []));
        groups.push(...(page.PolicyGroups ?? []).flatMap(({ GroupName }) => GroupName ?? []));
        marker = page.IsTruncated ? page.Marker : undefined;
      } while (marker);
      return { roles, users, groups };
    },
  };
}

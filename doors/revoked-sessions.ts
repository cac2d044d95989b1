/**
 * The door to IAM for one purpose: sessions of a role that were issued before an instant may do nothing any more. It
 * is what the console's "Revoke active sessions" does, under a name of ours.
 *
 * Credentials of a session cannot be taken back, and stand until they expire; a policy of the role is evaluated with
 * every call (IAM user guide, "Revoke IAM role temporary security credentials").
 */
import { isAwsError } from './aws-call.ts';
import { type IamRequestsOptions, iamRequests } from './iam-requests.ts';

/** One for each emergency: lifting one leaves what another one, or another deployment, has revoked. */
export const revokingPolicyName = (emergency: string): string =>
  `QuarterturnRevokeOlderSessions-${emergency}`;

export interface RevokedSessionsDoor {
  /**
   * @param roleArn its name is what stands last in it
   * @param emergency its id
   * @param before sessions issued until then
   */
  revoke(roleArn: string, emergency: string, before: Date): Promise<void>;
  /** @returns false when there is no such policy of that emergency, or no such role */
  restore(roleArn: string, emergency: string): Promise<boolean>;
}

/** `arn:aws:iam::<account>:role/<path>/<name>`. */
const nameIn = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

export function revokedSessions(options?: IamRequestsOptions): RevokedSessionsDoor {
  const request = iamRequests(options);
  return {
    async revoke(roleArn, emergency, before) {
      await request('PutRolePolicy', {
        RoleName: nameIn(roleArn),
        PolicyName: revokingPolicyName(emergency),
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Deny',
              Action: ['*'],
              Resource: ['*'],
              Condition: { DateLessThan: { 'aws:TokenIssueTime': before.toISOString() } },
            },
          ],
        }),
      });
    },

    async restore(roleArn, emergency) {
      try {
        await request('DeleteRolePolicy', {
          RoleName: nameIn(roleArn),
          PolicyName: revokingPolicyName(emergency),
        });
        return true;
      } catch (error) {
        if (isAwsError(error, 'NoSuchEntity')) return false;
        throw error;
      }
    },
  };
}

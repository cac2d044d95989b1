/** Parameter Store behind the sandbox's server, with a key of the account; IAM and KMS decide as in a stack. */
import { SandboxClock } from '../../../sandbox/clock.ts';
import { Iam } from '../../../sandbox/iam/iam.ts';
import type { Statement } from '../../../sandbox/iam/policy.ts';
import { KmsService } from '../../../sandbox/kms/service.ts';
import { SsmService } from '../../../sandbox/ssm/service.ts';
import { serve } from '../serve.ts';

const account = '000000000000';
const region = 'eu-west-1';

export async function startParameterStore() {
  const clock = new SandboxClock(new Date('2027-01-10T12:00:00Z'), 'manual');
  const place = { account, region, clock };
  const iam = new Iam(place);
  const kms = new KmsService({ ...place, iam });
  const root = { AWS: `arn:aws:iam::${account}:root` };
  const { arn: keyArn } = kms.createKey({
    logicalId: 'Key',
    policy: { Statement: { Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' } },
  });
  const ssm = new SsmService({ ...place, iam, kms });
  const served = await serve(ssm, iam);
  return {
    clock,
    keyArn,
    kms,
    ssm,
    client: served.client,
    stop: async () => {
      clock.stop();
      await served.stop();
    },
    /** What the caller of `client` may do from now on. */
    may(...statements: Statement[]): void {
      iam.putUser('tester', [{ Statement: statements }], []);
    },
  };
}

export const allParameters: Statement = { Effect: 'Allow', Action: 'ssm:*', Resource: '*' };

/** kms actions under this encryption context, through Parameter Store and nobody else. */
export const keyUse = (Action: string | string[], parameterArn: string | string[]): Statement => ({
  Effect: 'Allow',
  Action,
  Resource: '*',
  Condition: {
    StringEquals: {
      'kms:ViaService': `ssm.${region}.amazonaws.com`,
      'kms:EncryptionContext:PARAMETER_ARN': parameterArn,
    },
  },
});

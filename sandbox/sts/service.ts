/** AWS STS: who am I? It needs no permission (STS API reference, GetCallerIdentity). */
import { createHash } from 'node:crypto';
import type { AwsService, Caller } from '../service.ts';

export class StsService implements AwsService {
  readonly signingName = 'sts';
  readonly protocol = 'query';
  readonly operations: AwsService['operations'];

  constructor({ account }: { account: string }) {
    this.operations = {
      GetCallerIdentity: {
        authorize: () => [],
        run: async (_, { arn, kind }: Caller) => {
          const unique = createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase();
          const session = kind === 'role' ? `:${arn.split('/').at(-1)}` : '';
          const prefix = kind === 'role' ? 'AROA' : 'AIDA';
          return { Arn: arn, UserId: `${prefix}${unique}${session}`, Account: account };
        },
      },
    };
  }
}

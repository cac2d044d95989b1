import type { Iam } from '../iam/iam.ts';
import { type Caller, ServiceException } from '../service.ts';

/** Lambda makes the interfaces with the function's role (lambda/latest/dg/configuration-vpc.html). */
export function assertMayPlace(iam: Pick<Iam, 'allows'>, caller: Caller): void {
  for (const name of [
    'CreateNetworkInterface',
    'DescribeNetworkInterfaces',
    'DeleteNetworkInterface',
  ]) {
    if (!iam.allows(caller, { action: `ec2:${name}`, resource: '*' })) {
      throw new ServiceException(
        'InvalidParameterValueException',
        `The provided execution role does not have permissions to call ${name} on EC2`,
      );
    }
  }
}

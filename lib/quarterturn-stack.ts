/** The stack: everything one environment of `rotation.config.ts` deploys. */
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { stackName } from '../domain/config/names.ts';
import { Quarterturn, type QuarterturnProps } from './quarterturn.ts';

export class QuarterturnStack extends Stack {
  readonly quarterturn: Quarterturn;

  constructor(scope: Construct, props: QuarterturnProps) {
    const { config } = props;
    super(scope, stackName(config), {
      env: { region: config.region, ...(config.account && { account: config.account }) },
      description: `Quarterturn: rotates the secrets of ${config.name} (${config.environment})`,
      terminationProtection: config.environment !== 'dev',
    });
    // "Default" is left out of logical ids, so that they are those of releases before this construct.
    this.quarterturn = new Quarterturn(this, 'Default', props);
  }
}

/** The stack: everything one environment of `rotation.config.ts` deploys. */
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { stackName } from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { Quarterturn } from './quarterturn.ts';
import type { QuarterturnProps } from './quarterturn-props.ts';

export interface QuarterturnStackProps
  extends Pick<QuarterturnProps, 'configDirectory' | 'lambdasDirectory'> {
  /** What `defineRotation` gives. */
  readonly config: RotationConfig;
}

export class QuarterturnStack extends Stack {
  readonly quarterturn: Quarterturn;

  constructor(scope: Construct, { config, ...paths }: QuarterturnStackProps) {
    super(scope, stackName(config), {
      env: { region: config.region, ...(config.account && { account: config.account }) },
      description: `Quarterturn: rotates the secrets of ${config.name} (${config.environment})`,
      terminationProtection: config.environment !== 'dev',
    });
    // "Default" is left out of logical ids, so that they are those of releases before this construct.
    this.quarterturn = new Quarterturn(this, 'Default', {
      ...(config as ConfigProps),
      ...paths,
    });
  }
}

/** The same words; a checked configuration spells out as `undefined` what props leave out. */
type ConfigProps = Pick<QuarterturnProps, keyof RotationConfig & keyof QuarterturnProps>;

/** The manifest in SSM: what cadence, operator and CLI know of this stack. */

import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { manifestOf } from '../domain/config/manifest.ts';
import { encodeManifest } from '../domain/config/manifest-parts.ts';
import { manifestParameterName } from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { deferManifest } from './deferred-manifest.ts';

export class ManifestParameter extends Construct {
  /** Of the first part; the others are found from it. */
  readonly parameterName: string;
  readonly parameterArns: readonly string[];

  constructor(scope: Construct, id: string, config: RotationConfig) {
    super(scope, id);
    const { document, deferred } = deferManifest(manifestOf(config));
    const parts = encodeManifest(document, deferred);
    this.parameterName = manifestParameterName(config);
    this.parameterArns = parts.map((value, index) => {
      const name = manifestParameterName(config, index + 1);
      new CfnParameter(this, `Part${index + 1}`, {
        name,
        type: 'String',
        // Standard ends at 4 KB, and a parameter never goes back from Advanced to Standard.
        tier: 'Advanced',
        value,
        description: 'What Quarterturn knows of this stack; names and numbers, no value',
      });
      return Stack.of(this).formatArn({
        service: 'ssm',
        resource: 'parameter',
        resourceName: name.slice(1),
      });
    });
  }
}

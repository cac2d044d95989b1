/** What every construct of one stack shares, and how they know a secret. */
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { ControlTable } from './control-table.ts';
import type { Keys } from './keys.ts';
import type { Network } from './room-function.ts';

export interface Deployment {
  readonly config: RotationConfig;
  /** The built folder with one folder a room (`dist/lambdas`). */
  readonly lambdasDirectory: string;
  /** What relative paths of the configuration (`ca.file`) start from. */
  readonly configDirectory: string;
  /** Roles of an app that the operator policies are attached to. */
  readonly operatorRoles: readonly IRole[];
  /** Roles of an app that a consumer's policies are attached to, by the name of the consumer. */
  readonly consumerRoles: ReadonlyMap<string, readonly IRole[]>;
  readonly controlTable: ControlTable;
  readonly keys: Keys;
  /** Subnets and security group of a network of the configuration; no name: outside of every VPC. */
  readonly networkOf: (name: string | undefined) => Network | undefined;
}

/** A secret as others refer to it. */
export interface SecretReference {
  readonly name: string;
  readonly arn: string;
  readonly kmsKeyArn: string;
}

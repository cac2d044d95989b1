/** CloudFormation's quotas of a stack (CloudFormation user guide, "Understand CloudFormation quotas"). */
import { CfnOutput, CfnResource, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { DeploymentTooLargeError } from './errors.ts';

const resources = 500;
const outputs = 200;

/** @throws DeploymentTooLargeError */
export function fitsInAStack(construct: IConstruct, secrets: number): void {
  const stack = Stack.of(construct);
  const all = construct.node.findAll().filter((one) => Stack.of(one) === stack);
  const found = all.filter((one) => CfnResource.isCfnResource(one)).length;
  if (found > resources) {
    throw new DeploymentTooLargeError(
      `${secrets} secrets with ${found} resources`,
      `${resources} in a stack`,
    );
  }
  const told = all.filter((one) => one instanceof CfnOutput).length;
  if (told > outputs) {
    throw new DeploymentTooLargeError(
      `${secrets} secrets with ${told} outputs`,
      `${outputs} in a stack`,
    );
  }
}

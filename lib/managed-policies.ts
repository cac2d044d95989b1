/** A managed policy to attach to roles, and as many more of its name as its statements need. */
import {
  CfnManagedPolicy,
  type IRole,
  PolicyDocument,
  type PolicyStatement,
} from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { managedPoliciesPerRole, managedPolicyCharacters, PolicyPages } from './policy-pages.ts';

export interface ManagedPoliciesProps {
  /** Name of the first one; others append `-2`, `-3`, … @default CloudFormation's */
  readonly name?: string;
  readonly statements: readonly PolicyStatement[];
  /** Roles they are attached to. @default none */
  readonly roles?: readonly IRole[];
}

/** @throws DeploymentTooLargeError when a role could not take them all */
export function managedPolicies(
  scope: Construct,
  id: string,
  { name, statements, roles = [] }: ManagedPoliciesProps,
): CfnManagedPolicy[] {
  const made: CfnManagedPolicy[] = [];
  const pages = new PolicyPages(scope, {
    characters: () => managedPolicyCharacters,
    most: managedPoliciesPerRole,
    open: (page) => {
      const document = new PolicyDocument();
      made.push(
        new CfnManagedPolicy(scope, page === 1 ? id : `${id}${page}`, {
          ...(name !== undefined && {
            managedPolicyName: page === 1 ? name : `${name}-${page}`,
          }),
          policyDocument: document,
          ...(roles.length > 0 && { roles: roles.map(({ roleName }) => roleName) }),
        }),
      );
      return (statement) => document.addStatements(statement);
    },
  });
  pages.add(...statements);
  return made;
}

/** Two deployments of one account differ by name or environment: names of IAM policies know no region. */
import { Stack } from 'aws-cdk-lib/core';
import type { Construct, IConstruct } from 'constructs';
import type { Scope } from '../domain/config/names.ts';
import { NameTakenError } from './errors.ts';

const taken = new WeakMap<IConstruct, Map<string, string>>();

/** @throws NameTakenError naming the construct that was there first */
export function takeName(construct: Construct, { name, environment }: Scope): void {
  const names = taken.get(construct.node.root) ?? new Map<string, string>();
  taken.set(construct.node.root, names);
  const full = `${name}/${environment}`;
  const key = `${full} ${Stack.of(construct).account}`;
  const first = names.get(key);
  if (first !== undefined) {
    throw new NameTakenError(full, first);
  }
  names.set(key, construct.node.path);
}

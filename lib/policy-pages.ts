/**
 * Statements over as many policies as IAM's sizes ask for: a managed policy has 6,144 characters, and a role
 * takes 10 of them (IAM user guide, "IAM and AWS STS quotas"). Policies are filled one after the other in the order of the statements; the first one is always
 * the same resource.
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { DeploymentTooLargeError } from './errors.ts';
import { sizeOf } from './statement-size.ts';

/** Less the document around the statements. */
export const managedPolicyCharacters = 6144 - 64;
export const managedPoliciesPerRole = 10;

export interface PageOptions {
  /** Characters of the n-th policy's statements, from 1. */
  readonly characters: (page: number) => number;
  /** How many policies there may be. */
  readonly most: number;
  /** Makes the n-th policy, from 1, and gives what adds a statement to it. */
  readonly open: (page: number) => (statement: PolicyStatement) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: a statement is JSON
type Statement = Record<string, any>;

/** Operators that allow what any one of their values allows, so that half the values allow half of it. */
const anyOf = new Set([
  'ArnLike',
  'ArnEquals',
  'StringEquals',
  'StringLike',
  'ForAllValues:StringLike',
]);

export class PolicyPages {
  readonly #scope: IConstruct;
  readonly #options: PageOptions;
  #add: (statement: PolicyStatement) => void = () => {};
  #page = 0;
  #left = 0;
  #sids = new Set<string>();

  constructor(scope: IConstruct, options: PageOptions) {
    this.#scope = scope;
    this.#options = options;
  }

  /** @throws DeploymentTooLargeError when a role could not take them all */
  add(...statements: readonly PolicyStatement[]): void {
    for (const statement of statements) {
      const json: Statement = statement.toStatementJson();
      const size = this.#sizeOf(json);
      if (this.#page === 0) {
        this.#open();
      }
      if (size <= this.#left) {
        this.#put(statement, size);
      } else {
        this.#divide(json);
      }
    }
  }

  /** What fits goes here, the rest into the next policy. */
  #divide(json: Statement): void {
    let rest: Statement | undefined = json;
    while (rest !== undefined) {
      const part: Statement = rest;
      const size = this.#sizeOf(part);
      if (size <= this.#left) {
        this.#putJson(part, size);
        return;
      }
      const list = this.#longest(part);
      const count = list === undefined ? 0 : this.#fitting(list);
      if (list !== undefined && count > 0) {
        const head = list.with(list.members.slice(0, count));
        this.#putJson(head, this.#sizeOf(head));
        rest = list.with(list.members.slice(count));
      } else if (this.#left < this.#options.characters(this.#page)) {
        this.#open();
      } else if (list !== undefined) {
        const half = Math.ceil(list.members.length / 2);
        this.#divide(list.with(list.members.slice(0, half)));
        rest = list.with(list.members.slice(half));
      } else {
        throw new DeploymentTooLargeError(
          `a statement "${json.Sid}" of ${size} characters`,
          `${this.#options.characters(2)} in a policy`,
        );
      }
    }
  }

  /** How many members of the list leave the statement small enough. */
  #fitting(list: List): number {
    let size = this.#sizeOf(list.with([]));
    let count = 0;
    for (const member of list.members) {
      size += sizeOf(this.#scope, member) + 1;
      if (size > this.#left) {
        break;
      }
      count += 1;
    }
    return count;
  }

  #longest(json: Statement): List | undefined {
    const lists: List[] = [];
    if (Array.isArray(json.Resource)) {
      lists.push({
        members: json.Resource,
        with: (Resource) => ({ ...json, Resource }),
      });
    }
    for (const [operator, keys] of Object.entries<Statement>(json.Condition ?? {})) {
      for (const [key, members] of Object.entries(keys)) {
        if (anyOf.has(operator) && Array.isArray(members)) {
          lists.push({
            members,
            with: (fewer) => ({
              ...json,
              Condition: { ...json.Condition, [operator]: { ...keys, [key]: fewer } },
            }),
          });
        }
      }
    }
    return lists
      .filter(({ members }) => members.length > 1)
      .sort((a, b) => sizeOf(this.#scope, b.members) - sizeOf(this.#scope, a.members))[0];
  }

  #putJson(json: Statement, size: number): void {
    this.#put(PolicyStatement.fromJson({ ...json, Sid: this.#freeSid(json.Sid) }), size);
  }

  #put(statement: PolicyStatement, size: number): void {
    this.#add(statement);
    this.#left -= size;
    this.#sids.add(statement.sid ?? '');
  }

  /** A Sid is unique within its policy. */
  #freeSid(sid: string): string {
    let free = sid;
    for (let number = 2; this.#sids.has(free); number += 1) {
      free = `${sid}${number}`;
    }
    return free;
  }

  #open(): void {
    this.#page += 1;
    if (this.#page > this.#options.most) {
      throw new DeploymentTooLargeError(
        `rights at ${this.#scope.node.path} for more than ${this.#options.most} policies`,
        `${managedPoliciesPerRole} managed policies a role`,
      );
    }
    this.#add = this.#options.open(this.#page);
    this.#left = this.#options.characters(this.#page);
    this.#sids = new Set();
  }

  /** With the comma behind it. */
  #sizeOf(json: Statement): number {
    return sizeOf(this.#scope, json) + 1;
  }
}

interface List {
  readonly members: readonly unknown[];
  readonly with: (members: readonly unknown[]) => Statement;
}

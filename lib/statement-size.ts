/**
 * How many characters a statement has once it is deployed. IAM counts them without white space, and what a
 * template refers to is longer than the reference: what is not known is taken to be as long as it may get.
 */
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { type IResolvable, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** The longest there are, of regions AWS names in its general reference. */
const pseudoParameters: Record<string, number> = {
  'AWS::Partition': 'aws-us-gov'.length,
  'AWS::Region': 'ap-southeast-1'.length,
  'AWS::AccountId': 12,
  'AWS::URLSuffix': 'amazonaws.com.cn'.length,
  'AWS::StackName': 128,
};
const secretArnWithoutName =
  'arn:aws-us-gov:secretsmanager:ap-southeast-1:123456789012:secret:-AbCdEf'.length;
/** ARN of a role, key, table or log group with the name CloudFormation gives it. */
const unknown = 140;

export function sizeOf(scope: IConstruct, value: unknown): number {
  const stack = Stack.of(scope);
  const textSize = (text: string): number => {
    if (!Token.isUnresolved(text)) {
      return JSON.stringify(text).length;
    }
    const fragments = Tokenization.reverseString(text);
    const literals = text.replaceAll(/\$\{Token\[[^\]]*\]\}/g, '').length;
    return fragments.tokens.reduce((sum, token) => sum + tokenSize(token), literals) + 2;
  };
  const tokenSize = (token: IResolvable): number => {
    if (Reference.isReference(token) && token.target instanceof CfnSecret) {
      const { name } = token.target;
      return name === undefined ? unknown : secretArnWithoutName + textSize(name) - 2;
    }
    return resolvedSize(stack.resolve(token));
  };
  const resolvedSize = (resolved: unknown): number => {
    if (typeof resolved !== 'object' || resolved === null) {
      return String(resolved).length;
    }
    const [[call, argument] = ['', undefined]] = Object.entries(resolved);
    if (call === 'Ref') {
      return pseudoParameters[String(argument)] ?? unknown;
    }
    return call === 'Fn::Join' && Array.isArray(argument) && Array.isArray(argument[1])
      ? argument[1].reduce<number>((sum, part) => sum + resolvedSize(part), 0)
      : unknown;
  };

  if (typeof value === 'string') {
    return textSize(value);
  }
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, member) => sum + sizeOf(scope, member) + 1, 1);
  }
  if (typeof value === 'object' && value !== null) {
    if (Tokenization.isResolvable(value)) {
      return tokenSize(value) + 2;
    }
    return Object.entries(value).reduce(
      (sum, [key, member]) => sum + key.length + 4 + sizeOf(scope, member),
      1,
    );
  }
  return String(value).length;
}

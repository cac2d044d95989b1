/** An EventBridge rule on the default bus with one function as its target. */
import { CfnRule, type CfnRuleProps } from 'aws-cdk-lib/aws-events';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { deliveryOf, type Messages } from './messages.ts';
import type { RoomFunction } from './room-function.ts';

export function invokeBy(
  scope: Construct,
  id: string,
  rule: Pick<CfnRuleProps, 'description' | 'eventPattern' | 'scheduleExpression'>,
  target: RoomFunction,
  /** Where its failures go, and what alarms call the rule. */
  failures: { readonly messages: Messages; readonly alarm: string },
): void {
  const made = new CfnRule(scope, id, {
    ...rule,
    state: 'ENABLED',
    targets: [{ id: 'Function', arn: target.functionArn, ...deliveryOf(failures.messages) }],
  });
  failures.messages.deadLettersOf(made, failures.alarm, `function ${target.functionName}`);
  const permission = new CfnPermission(scope, `${id}Permission`, {
    action: 'lambda:InvokeFunction',
    functionName: target.functionName,
    principal: 'events.amazonaws.com',
    sourceArn: made.attrArn,
  });
  permission.node.addDependency(target);
}

/** DescribeRule, ListRules, EnableRule, DisableRule. */
import { type Operation, ServiceException } from '../service.ts';
import type { Bus, Rule } from './rule.ts';

interface Rules {
  rules(): readonly Rule[];
  bus(name: string): Bus;
  ruleArn(name: string, bus: string): string;
  setState(rule: Rule, state: 'ENABLED' | 'DISABLED'): void;
}

export function ruleOperations(rules: Rules): Record<string, Operation> {
  const busOf = (input: Record<string, unknown>) => rules.bus(text(input.EventBusName, 'default'));
  const arn = (input: Record<string, unknown>) =>
    rules.ruleArn(text(input.Name, ''), busOf(input).name);
  const find = (input: Record<string, unknown>): Rule => {
    const rule = rules.rules().find((candidate) => candidate.arn === arn(input));
    if (rule === undefined) {
      throw new ServiceException(
        'ResourceNotFoundException',
        `Rule ${text(input.Name, '')} does not exist on EventBus ${busOf(input).name}.`,
      );
    }
    return rule;
  };
  const onRule = (
    name: string,
    run: (input: Record<string, unknown>) => unknown,
  ): [string, Operation] => [
    name,
    {
      authorize: (input) => [{ action: `events:${name}`, resource: arn(input) }],
      run: async (input) => run(input),
    },
  ];
  return {
    ...Object.fromEntries([
      onRule('DescribeRule', (input) => summary(find(input))),
      onRule('EnableRule', (input) => {
        rules.setState(find(input), 'ENABLED');
        return {};
      }),
      onRule('DisableRule', (input) => {
        rules.setState(find(input), 'DISABLED');
        return {};
      }),
    ]),
    ListRules: {
      // Has no resource level permissions (Service Authorization Reference).
      authorize: () => [{ action: 'events:ListRules', resource: '*' }],
      run: async (input) => ({
        Rules: rules
          .rules()
          .filter((rule) => rule.bus === busOf(input))
          .filter((rule) => rule.definition.name.startsWith(text(input.NamePrefix, '')))
          .map(summary),
      }),
    },
  };
}

function summary(rule: Rule): Record<string, unknown> {
  const { name, description, eventPattern, scheduleExpression } = rule.definition;
  return {
    Name: name,
    Arn: rule.arn,
    State: rule.state,
    EventBusName: rule.bus.name,
    ...(description === undefined ? {} : { Description: description }),
    ...(eventPattern === undefined ? {} : { EventPattern: JSON.stringify(eventPattern) }),
    ...(scheduleExpression === undefined ? {} : { ScheduleExpression: scheduleExpression }),
  };
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

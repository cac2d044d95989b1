/** What restarts consumers: its rights, its settings and its machine, asked of the template with everything on. */
import { describe, expect, test } from '@jest/globals';
import { documentedRetry } from './documented-retries.ts';
import type { Synthesized } from './synthesized.ts';

interface State {
  Type: string;
  Next?: string;
  Default?: string;
  Choices?: { Next: string }[];
  Catch?: { ErrorEquals: string[]; Next: string }[];
  Retry?: { ErrorEquals: string[] }[];
  TimeoutSeconds?: number;
}

export function rollout(stack: Synthesized): void {
  describe('what restarts consumers', () => {
    const role = /^RolloutFunctionPolicy/;
    /** An ARN of account and region, by what follows the account. */
    const arn = (service: string, rest: string) => ({
      'Fn::Join': [
        '',
        [
          'arn:',
          { Ref: 'AWS::Partition' },
          `:${service}:eu-west-1:`,
          { Ref: 'AWS::AccountId' },
          `:${rest}`,
        ],
      ],
    });
    const resources = (sid: string) => [stack.statement(role, sid).Resource].flat();
    const actions = (sid: string) => [stack.statement(role, sid).Action].flat();

    test('may deploy and scale exactly the named services', () => {
      expect(actions('RestartServices')).toEqual(['ecs:DescribeServices', 'ecs:UpdateService']);
      expect(resources('RestartServices')).toEqual([
        arn('ecs', 'service/pharmacy/api'),
        arn('ecs', 'service/pharmacy/worker'),
      ]);
      const suspend = stack.statement(role, 'SuspendAutoscaling');
      expect(suspend.Action).toBe('application-autoscaling:RegisterScalableTarget');
      expect(suspend.Condition).toEqual({
        StringEquals: {
          'application-autoscaling:service-namespace': 'ecs',
          'application-autoscaling:scalable-dimension': 'ecs:service:DesiredCount',
        },
      });
    });

    test('may make deployments of the named groups, and needs what CodeDeploy asks for that', () => {
      expect(actions('Deploy')).toEqual([
        'codedeploy:CreateDeployment',
        'codedeploy:GetDeployment',
        'codedeploy:GetDeploymentGroup',
      ]);
      expect(resources('Deploy')).toEqual([arn('codedeploy', 'deploymentgroup:pharmacy/api')]);
      expect(resources('RegisterRevisions')).toEqual([arn('codedeploy', 'application:pharmacy')]);
    });

    test('may find the named clusters, and change the configuration of the named function', () => {
      expect(actions('FindClusters')).toEqual(['eks:DescribeCluster']);
      expect(resources('FindClusters')).toEqual([arn('eks', 'cluster/main')]);
      expect(actions('DescribeFunctions')).toEqual([
        'lambda:GetFunctionConfiguration',
        'lambda:UpdateFunctionConfiguration',
      ]);
      expect(resources('DescribeFunctions')).toEqual([arn('lambda', 'function:labels')]);
    });

    test('reads AWSCURRENT of what signs webhooks, and no secret besides', () => {
      const { Resource, Condition } = stack.statement(role, 'ReadSigningSecrets');
      expect(Resource).toEqual({ Ref: expect.stringMatching(/^SecretgitHubWebhook/) });
      expect(Condition['ForAnyValue:StringEquals']).toEqual({
        'secretsmanager:VersionStage': ['AWSCURRENT'],
      });
    });

    test('remembers rollouts by secret, locks and counts by deployment, and removes counts alone', () => {
      const keys = (sid: string) =>
        stack
          .statement(role, sid)
          .Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys'].filter(
            (key: string) => !key.startsWith('rollout#'),
          );
      expect(keys('WriteControlRecords')).toEqual(['lock#pharmacy/prod', 'counts#pharmacy/prod']);
      expect([keys('RemoveControlRecords')].flat()).toEqual(['counts#pharmacy/prod']);
    });

    test('may do nothing more', () => {
      expect(stack.statements(role).map(({ Sid }) => Sid)).toEqual([
        ...['Log', 'Trace', 'RestartServices', 'LookAtServices', 'SuspendAutoscaling'],
        ...['Deploy', 'RegisterRevisions', 'ReadDeploymentConfigs', 'FindClusters'],
        ...['DescribeFunctions', 'ReadSigningSecrets', 'UseKeyOfSigningSecrets'],
        ...['ReadControlRecords', 'WriteControlRecords', 'RemoveControlRecords'],
        'UseControlTableKey',
      ]);
    });

    test('is told its consumers, with how long each may take and by what names it knows its secrets', () => {
      const file = stack.assets['quarterturn-pharmacy-prod-roll-out']?.('consumers.json') ?? '[]';
      const consumers = JSON.parse(file) as { name: string }[];
      expect(consumers.map(({ name }) => name)).toEqual([
        ...['api', 'worker', 'shop', 'labels', 'depot'],
      ]);
      expect(consumers[0]).toMatchObject({
        learns: 'restart',
        steadySeconds: 900,
        health: {
          function: 'quarterturn-pharmacy-prod-ask-health',
          ...{ consecutive: 3, everySeconds: 10, withinSeconds: 300 },
        },
        reads: [{ key: 'jwt', name: 'pharmacy/prod/jwt', fields: ['JWT_SECRET'] }, {}, {}],
      });
      expect(consumers[4]).toMatchObject({
        restart: { signingSecret: 'pharmacy/prod/gitHubWebhook' },
      });
    });

    test('is thirteen resources, its alarm included', () => {
      const own = Object.keys(stack.resources).filter((id) => /^Rollout|Alarms.*rollout/i.test(id));
      expect(own).toHaveLength(13);
    });
  });

  describe('the machine of one consumer', () => {
    const machine = stack.one('AWS::StepFunctions::StateMachine', /^Rollout/);
    const text = JSON.stringify(machine.Properties.DefinitionString['Fn::Join'][1]);
    const definition = JSON.parse(
      machine.Properties.DefinitionString['Fn::Join'][1]
        .map((part: unknown) => (typeof part === 'string' ? part : 'x'))
        .join(''),
    ) as { States: Record<string, State>; TimeoutSeconds: number };
    const states = Object.entries(definition.States);
    const tasks = states.filter(([, { Type }]) => Type === 'Task');

    test('gives every Task a timeout, the retries AWS documents, and a way out', () => {
      for (const [name, { TimeoutSeconds, Retry, Catch }] of tasks) {
        expect([name, TimeoutSeconds]).toEqual([name, expect.any(Number)]);
        expect([name, Retry?.[0]?.ErrorEquals]).toEqual([name, documentedRetry.ErrorEquals]);
        const isEnd = name === 'Unhealthy' || name === 'Failed';
        expect([name, Catch?.at(-1)?.ErrorEquals]).toEqual([
          name,
          isEnd ? undefined : ['States.ALL'],
        ]);
      }
      expect(text).not.toContain('JSONata');
    });

    test('leads only what is the consumer’s own failure to Unhealthy', () => {
      const toUnhealthy = tasks.flatMap(([name, { Catch = [] }]) =>
        Catch.filter(({ Next }) => Next === 'Unhealthy').map(({ ErrorEquals }) => [
          name,
          ErrorEquals,
        ]),
      );
      const own = ['ConsumerUnhealthyError', 'ConsumerNotSteadyError'];
      expect(toUnhealthy).toEqual([
        ['Restart', own],
        ['Steady', own],
        ['Health', own],
      ]);
    });

    test('names only states that exist, and reaches each of them', () => {
      const targets = states.flatMap(([, { Next, Default, Choices = [], Catch = [] }]) => [
        ...[Next, Default].filter((target) => target !== undefined),
        ...[...Choices, ...Catch].map((rule) => rule.Next),
      ]);
      expect(new Set(['Begin', ...targets])).toEqual(new Set(Object.keys(definition.States)));
    });

    test('may invoke its function and those that ask, nothing else', () => {
      const { Action, Resource } = stack.statement(/^RolloutMachinePolicy/, 'InvokeTasks');
      expect(Action).toBe('lambda:InvokeFunction');
      expect(JSON.stringify(Resource).match(/function:[a-z-]+/g)).toEqual([
        'function:quarterturn-pharmacy-prod-roll-out',
        'function:quarterturn-pharmacy-prod-ask-health',
      ]);
      expect(machine.Properties.LoggingConfiguration.IncludeExecutionData).toBe(false);
    });
  });

  describe('on-call', () => {
    test('looks at rollouts, locks and counts, and asks for posture; it writes none of them', () => {
      const look = stack.statement(/^Operator/, 'LookAtRollouts');
      expect(look.Action).toEqual(['states:DescribeExecution', 'states:ListExecutions']);
      const all = stack.statements(/^Operator/);
      const keysOf = (sid: string): string[] =>
        all
          .filter(({ Sid }) => Sid === sid)
          .flatMap(({ Condition }) => Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys']);
      expect(keysOf('ReadControlRecords')).toEqual(
        expect.arrayContaining(['rollout#pharmacy/prod/*', 'lock#pharmacy/prod']),
      );
      const written = keysOf('WriteControlRecords').filter((key) =>
        /^(rollout|lock|counts|failed)#/.test(key),
      );
      expect(written).toEqual([]);
    });

    test('never invokes what stops and restarts consumers: IAM sees no payload', () => {
      const invoked = JSON.stringify(stack.statements(/^Operator/));
      expect(invoked).not.toContain('roll-out');
      expect(invoked).toContain('quarterturn-pharmacy-prod-check-posture');
    });

    test('asks for posture of a function that may look, and change nothing', () => {
      const looks = stack.statements(/^RolloutPosturePolicy/);
      expect(looks.map(({ Sid }) => Sid)).toEqual([
        ...['Log', 'Trace', 'LookAtServices', 'LookAtTaskDefinitions', 'LookAtFunctions'],
      ]);
      expect(looks.slice(2).flatMap(({ Action }) => Action)).toEqual([
        ...['ecs:DescribeServices', 'ecs:DescribeTaskDefinition'],
        'lambda:GetFunctionConfiguration',
      ]);
    });
  });
}

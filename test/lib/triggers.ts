/** The bus of triggers and what stands behind it, in the template with everything on. */
import { describe, expect, test } from '@jest/globals';
import { triggersSchema } from '../../domain/config/trigger-schema.ts';
import { triggerBusPolicy } from '../../lib/trigger-bus-policy.ts';
import type { Statement, Synthesized } from './synthesized.ts';

export function triggers(stack: Synthesized): void {
  const scanner = 'arn:aws:iam::111122223333:role/scanner';
  const role = (id: RegExp) => ({
    'Fn::GetAtt': [stack.idOf(stack.one('AWS::IAM::Role', id)), 'Arn'],
  });
  const actionsOf = (id: RegExp): string[] =>
    stack
      .statements(id)
      .flatMap(({ Action }) => Action)
      .sort();

  describe('the bus of triggers', () => {
    const { Name, Policy } = stack.one('AWS::Events::EventBus').Properties;
    const statements: Statement[] = Policy.Statement;
    const named = (sid: string) => statements.find(({ Sid }) => Sid === sid);

    test('lets the named principals put their own type, with its source', () => {
      expect(Name).toBe('quarterturn-pharmacy-prod-triggers');
      expect(named('LetCredentialExposure')).toMatchObject({
        Effect: 'Allow',
        Principal: { AWS: [scanner] },
        Condition: {
          StringEquals: {
            'events:source': 'quarterturn.trigger',
            'events:detail-type': 'credential-exposure',
          },
        },
      });
      // What is an alert of GitHub, the webhook alone says.
      expect(named('LetCredentialExposureAlert')?.Principal).toEqual({
        AWS: [role(/^TriggersGitHubRole/)],
      });
      expect(named('LetCredentialDeployment')?.Principal).toEqual({
        AWS: ['arn:aws:iam::444455556666:role/pipeline'],
      });
    });

    test('denies everybody else, whatever their own policies allow', () => {
      expect(named('NobodyElseCredentialExposure')).toMatchObject({
        Effect: 'Deny',
        Principal: '*',
        Condition: {
          StringEquals: { 'events:detail-type': 'credential-exposure' },
          StringNotEquals: { 'aws:PrincipalArn': [scanner] },
        },
      });
      expect(named('NobodyElseCredentialExposureAlert')?.Condition).toEqual({
        StringEquals: { 'events:detail-type': 'credential-exposure-alert' },
        StringNotEquals: { 'aws:PrincipalArn': [role(/^TriggersGitHubRole/)] },
      });
      for (const sid of ['NoOtherType', 'NoOtherSource']) {
        expect(named(sid)).toMatchObject({ Effect: 'Deny', Principal: '*' });
      }
    });

    test('with as many principals as may be named has a policy that a bus takes', () => {
      const { exposure, offboarding, deployment } = triggersSchema.shape;
      const most = [exposure, offboarding, deployment].map(
        (trigger) =>
          trigger.unwrap().shape.from.safeParse(Array.from({ length: 21 }, () => scanner)).success,
      );
      expect(most).toEqual([false, false, false]);
      const longest = Array.from(
        { length: 20 },
        () => `arn:aws:iam::111122223333:role/${'r'.repeat(64)}`,
      );
      const policy = triggerBusPolicy(
        `arn:aws:events:eu-west-1:111122223333:event-bus/${'b'.repeat(64)}`,
        {
          'credential-exposure': longest.slice(0, 20),
          'credential-exposure-alert': [scanner],
          'credential-offboarding': [scanner],
          'credential-deployment': [scanner],
        },
      );
      // AWS::Events::EventBusPolicy: "cannot exceed 10 KB".
      expect(JSON.stringify(policy).length).toBeLessThan(10_240);
    });

    test('hands its events to one function, GuardDuty’s findings and the hour to the same', () => {
      const [onBus, around] = [/^TriggersOnBus/, /^TriggersAround/].map(
        (id) => stack.one('AWS::Events::Rule', id).Properties,
      );
      expect(onBus.EventPattern).toEqual({ source: ['quarterturn.trigger'] });
      expect(around).toMatchObject({
        ScheduleExpression: 'rate(1 hour)',
        EventPattern: {
          source: ['aws.guardduty'],
          detail: { type: [{ prefix: 'UnauthorizedAccess:IAMUser/' }] },
        },
      });
      expect(onBus.Targets[0].Arn).toEqual(around.Targets[0].Arn);
    });
  });

  describe('what acts on triggers', () => {
    test('starts emergencies and planned rotations, and reads and writes no value', () => {
      // Its keys are those of tables and queues, through their services alone.
      const actions = actionsOf(/^TriggersFunctionPolicy/);
      expect(actions.filter((action) => !action.startsWith('kms:'))).toEqual([
        ...['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
        ...['events:PutEvents', 'lambda:InvokeFunction'],
        ...['logs:CreateLogStream', 'logs:PutLogEvents'],
        ...['secretsmanager:DescribeSecret', 'secretsmanager:RotateSecret', 'sqs:SendMessage'],
        'ssm:GetParameter',
        ...['states:DescribeExecution', 'states:StartExecution'],
        ...['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
      ]);
      // The function is handed a name, no machine that CloudFormation would make first.
      const machine = JSON.stringify(
        stack.statement(/^TriggersFunctionPolicy/, 'StartEmergencies').Resource,
      );
      expect(machine).toMatch(/:stateMachine:quarterturn-pharmacy-prod-emergency"/);
      const written = stack
        .statements(/^TriggersFunctionPolicy/)
        .filter(({ Sid }) => Sid === 'WriteControlRecords')
        .flatMap(({ Condition }) => Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys'])
        .map((key: string) => key.split('#')[0]);
      expect([...new Set(written)].sort()).toEqual([
        ...['exposure', 'intent.planned', 'refusal', 'trigger', 'waiting'],
      ]);
    });

    test('behind the webhook can report an exposure and read the one secret', () => {
      expect(actionsOf(/^TriggersGitHubPolicy/)).toEqual([
        ...['events:PutEvents', 'kms:Decrypt', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        ...['secretsmanager:GetSecretValue', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
      ]);
      expect(stack.statement(/^TriggersGitHubPolicy/, 'ReadWebhookSecret').Resource).toEqual({
        Ref: stack.idOf(stack.one('AWS::SecretsManager::Secret', /gitHubWebhook/)),
      });
      const url = stack.all('AWS::Lambda::Permission', /^TriggersUrl/);
      expect(url.map(({ Properties }) => Properties)).toEqual([
        expect.objectContaining({
          Action: 'lambda:InvokeFunctionUrl',
          FunctionUrlAuthType: 'NONE',
          Principal: '*',
        }),
        expect.objectContaining({
          Action: 'lambda:InvokeFunction',
          InvokedViaFunctionUrl: true,
          Principal: '*',
        }),
      ]);
    });

    test('lets a pipeline report its deployment and look, and rotate nothing itself', () => {
      // The key is that of the control table, through DynamoDB alone.
      const actions = actionsOf(/^TriggersGate/).filter((action) => !action.startsWith('kms:'));
      expect(actions).toEqual([
        ...['dynamodb:GetItem', 'dynamodb:Query', 'events:PutEvents'],
        ...['secretsmanager:DescribeSecret', 'ssm:GetParameter', 'states:DescribeExecution'],
      ]);
    });
  });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { App, Stack } from 'aws-cdk-lib/core';
import { afterRotationDefinition } from '../../lib/after-rotation-definition.ts';
import { AfterRotationMachine } from '../../lib/after-rotation-machine.ts';

const arnOf = (name: string) => `arn:aws:lambda:eu-west-1:111122223333:function:${name}`;

const directory = mkdtempSync(join(tmpdir(), 'quarterturn-machine-'));
afterAll(() => rmSync(directory, { recursive: true }));

function synthesized(): Template {
  const app = new App({ outdir: mkdtempSync(join(directory, 'out-')) });
  const stack = new Stack(app, 'Test', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  new AfterRotationMachine(stack, 'AfterRotation', {
    name: 'quarterturn-after-rotation',
    taskFunction: { functionArn: arnOf('tasks') },
    rotationFunctions: [{ functionArn: arnOf('db') }],
    longestWaitSeconds: 300,
    logKey: new Key(stack, 'Key'),
  });
  return Template.fromStack(stack);
}

interface State {
  Type: string;
  Next?: string;
  Default?: string;
  Choices?: { Next: string }[];
  Catch?: { ErrorEquals: string[]; Next: string; ResultPath: string }[];
  Retry?: object[];
  TimeoutSeconds?: number;
}

/** The definition as CloudFormation would hand it over. */
function states(): Record<string, State> {
  const [machine] = Object.values(synthesized().findResources('AWS::StepFunctions::StateMachine'));
  return JSON.parse(machine?.Properties.DefinitionString).States;
}

describe('the synthesized definition', () => {
  test('gives every Task a timeout and the retries AWS documents for Lambda', () => {
    const tasks = Object.entries(states()).filter(([, { Type }]) => Type === 'Task');
    expect(tasks.map(([name]) => name)).toEqual([
      'Begin',
      'Settled',
      'Maintain',
      'Activate',
      'Activated',
      'Retire',
      'ProveProxy',
      'ProveOld',
      'Audit',
      'Reencrypt',
      'Finish',
      'Stop',
    ]);
    for (const [name, task] of tasks) {
      expect([name, task.TimeoutSeconds]).toEqual([name, expect.any(Number)]);
      expect([name, task.Retry?.slice(0, 1)]).toEqual([
        name,
        [
          {
            ErrorEquals: [
              'Lambda.ServiceException',
              'Lambda.AWSLambdaException',
              'Lambda.SdkClientException',
              'Lambda.TooManyRequestsException',
            ],
            IntervalSeconds: 2,
            MaxAttempts: 6,
            BackoffRate: 2,
          },
        ],
      ]);
      expect([name, task.Retry?.length]).toEqual([
        name,
        ['ProveProxy', 'Reencrypt'].includes(name) ? 2 : 1,
      ]);
    }
  });

  test('leads every failure of a Task but Stop to Stop, with the input kept beside the error', () => {
    for (const [name, { Type, Catch }] of Object.entries(states())) {
      if (Type !== 'Task' || name === 'Stop') continue;
      expect([name, Catch]).toEqual([
        name,
        [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Stop' }],
      ]);
    }
  });

  test('names only states that exist, and reaches each of them', () => {
    const all = states();
    const targets = Object.values(all).flatMap(({ Next, Default, Choices = [], Catch = [] }) => [
      ...[Next, Default].filter((target) => target !== undefined),
      ...[...Choices, ...Catch].map((rule) => rule.Next),
    ]);
    expect(new Set(['Begin', ...targets])).toEqual(new Set(Object.keys(all)));
  });

  test('uses JSONPath, and bounds the whole execution', () => {
    const definition = afterRotationDefinition({
      taskFunctionArn: arnOf('tasks'),
      longestWaitSeconds: 0,
    });
    expect(JSON.stringify(definition)).not.toContain('JSONata');
    expect(definition.TimeoutSeconds).toBe(7200);
  });
});

describe('the machine', () => {
  test('is a Standard one that logs without execution data', () => {
    synthesized().hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'quarterturn-after-rotation',
      StateMachineType: 'STANDARD',
      LoggingConfiguration: { IncludeExecutionData: false, Level: 'ALL' },
    });
  });

  test('may invoke its task function and the rotation functions it was given, nothing else', () => {
    synthesized().hasResourceProperties('AWS::IAM::ManagedPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Sid: 'InvokeTasks',
            Effect: 'Allow',
            Action: 'lambda:InvokeFunction',
            Resource: [arnOf('tasks'), arnOf('db')],
          },
        ]),
      },
    });
    const policies = JSON.stringify(synthesized().findResources('AWS::IAM::ManagedPolicy'));
    expect(policies.match(/lambda:InvokeFunction/g)).toHaveLength(1);
  });

  test('keeps its log when the stack goes', () => {
    synthesized().hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: '/aws/vendedlogs/states/quarterturn-after-rotation' },
      DeletionPolicy: 'RetainExceptOnCreate',
    });
  });
});

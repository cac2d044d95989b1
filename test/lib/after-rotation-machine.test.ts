import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { App, Stack } from 'aws-cdk-lib/core';
import { afterRotationDefinition } from '../../lib/after-rotation-definition.ts';
import {
  AfterRotationMachine,
  type AfterRotationMachineProps,
} from '../../lib/after-rotation-machine.ts';
import { documentedRetry } from './documented-retries.ts';

const arnOf = (name: string) => `arn:aws:lambda:eu-west-1:111122223333:function:${name}`;

const directory = mkdtempSync(join(tmpdir(), 'quarterturn-machine-'));
afterAll(() => rmSync(directory, { recursive: true }));

const rollout = 'arn:aws:states:eu-west-1:111122223333:stateMachine:rollout';
const executions = 'arn:aws:states:eu-west-1:111122223333:execution:rollout:*';
/** With consumers to roll out to, and copies to make. */
const everything = {
  rollout: {
    machine: { arn: rollout, executions },
    consumerSeconds: 3600,
    longestSeconds: 20_000,
  },
  sync: { functionArn: arnOf('sync') },
};

function synthesized(more: Partial<AfterRotationMachineProps> = {}): Template {
  const app = new App({ outdir: mkdtempSync(join(directory, 'out-')) });
  const stack = new Stack(app, 'Test', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  new AfterRotationMachine(stack, 'AfterRotation', {
    name: 'quarterturn-after-rotation',
    taskFunction: { functionArn: arnOf('tasks') },
    longestWaitSeconds: 300,
    logKey: new Key(stack, 'Key'),
    ...more,
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
  ItemProcessor?: { States: Record<string, State> };
  TimeoutSeconds?: number;
}

/** The definition as CloudFormation would hand it over. */
function states(more: Partial<AfterRotationMachineProps> = {}): Record<string, State> {
  const template = synthesized(more);
  const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
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
      'ProveOldFirst',
      'RecordProof',
      'ProveOld',
      'Audit',
      'Reencrypt',
      'Finish',
      'Stop',
    ]);
    for (const [name, task] of tasks) {
      expect([name, task.TimeoutSeconds]).toEqual([name, expect.any(Number)]);
      expect([name, task.Retry?.slice(0, 1)]).toEqual([name, [documentedRetry]]);
      expect([name, task.Retry?.length]).toEqual([
        name,
        { Retire: 1, ProveProxy: 2, ProveOld: 1, ProveOldFirst: 1, Reencrypt: 5 }[name] ?? 3,
      ]);
    }
  });

  test('has states for consumers and copies where there are some, and not elsewhere', () => {
    const plain = Object.keys(states());
    const more = Object.keys(states(everything)).filter((name) => !plain.includes(name));
    expect(more).toEqual(expect.arrayContaining(['Sync', 'SyncAgain', 'Wave', 'RollBack']));
    const tasks = Object.entries(states(everything)).filter(([, { Type }]) => Type === 'Task');
    for (const [name, { TimeoutSeconds, Retry = [] }] of tasks) {
      expect([name, TimeoutSeconds, Retry.length]).toEqual([
        ...[name, expect.any(Number), expect.any(Number)],
      ]);
      expect(Retry.length).toBeGreaterThan(0);
    }
  });

  test.each([
    ['alone', {}],
    ['with consumers and copies', everything],
  ])(
    '%s leads every failure of a Task but Stop to Stop, with the input kept beside the error',
    (_title, more) => {
      for (const [name, { Type, Catch }] of Object.entries(states(more))) {
        if ((Type !== 'Task' && Type !== 'Map') || name === 'Stop') continue;
        // In an emergency the old value is looked at first, and a look that fails keeps nobody waiting.
        const Next = { Retire: 'WasToBeProven', ProveProxy: 'WasToBeProven' }[name] ?? 'Stop';
        expect([name, Catch?.at(-1)]).toEqual([
          name,
          name === 'ProveOldFirst'
            ? { ErrorEquals: ['States.ALL'], ResultPath: '$.unproven', Next: 'NotProven' }
            : { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next },
        ]);
      }
    },
  );

  test('lets every consumer of a wave come to its end', () => {
    const { RollOut } = states(everything).Wave?.ItemProcessor?.States ?? {};
    expect(RollOut).toMatchObject({
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      TimeoutSeconds: 3600,
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }],
    });
  });

  test.each([
    ['alone', {}],
    ['with consumers', { rollout: everything.rollout }],
    ['with copies', { sync: everything.sync }],
    ['with both', everything],
  ])('%s names only states that exist, and reaches each of them', (_title, more) => {
    const all = states(more);
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

  test('may invoke its task function, and nothing else: rotation functions by a policy of many', () => {
    synthesized().hasResourceProperties('AWS::IAM::ManagedPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Sid: 'InvokeTasks',
            Effect: 'Allow',
            Action: 'lambda:InvokeFunction',
            Resource: arnOf('tasks'),
          },
        ]),
      },
    });
    const policies = JSON.stringify(synthesized().findResources('AWS::IAM::ManagedPolicy'));
    expect(policies.match(/lambda:InvokeFunction/g)).toHaveLength(1);
  });

  test('may start rollouts, follow them and stop them, where there are some', () => {
    synthesized(everything).hasResourceProperties('AWS::IAM::ManagedPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Sid: 'InvokeTasks', Resource: Match.arrayWith([arnOf('sync')]) }),
          Match.objectLike({ Action: 'states:StartExecution', Resource: rollout }),
          Match.objectLike({
            Action: ['states:DescribeExecution', 'states:StopExecution'],
            Resource: executions,
          }),
          Match.objectLike({
            Action: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
            Resource: Match.anyValue(),
          }),
        ]),
      },
    });
    const policies = JSON.stringify(synthesized().findResources('AWS::IAM::ManagedPolicy'));
    expect(policies).not.toMatch(/states:StartExecution|events:PutRule/);
  });

  test('keeps its log when the stack goes', () => {
    synthesized().hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: '/aws/vendedlogs/states/quarterturn-after-rotation' },
      DeletionPolicy: 'RetainExceptOnCreate',
    });
  });
});

import { beforeEach, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { KmsService } from '../../../sandbox/kms/service.ts';
import type { Caller } from '../../../sandbox/service.ts';
import { SsmService } from '../../../sandbox/ssm/service.ts';
import { ScriptedIam } from '../scripted-ports.ts';

const CALLER: Caller = { arn: 'arn:aws:iam::000000000000:user/u', kind: 'user' };
let ssm: SsmService;
beforeEach(() => {
  const clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
  const place = { account: '000000000000', region: 'eu-west-1', clock };
  const iam = new ScriptedIam();
  ssm = new SsmService({ ...place, iam, kms: new KmsService({ ...place, iam }) });
});
const call = (operation: string, input: Record<string, unknown>) =>
  ssm.operations[operation]?.run(input, CALLER);

test('a parameter is read by name and by ARN', async () => {
  ssm.createParameter('/q/manifest', 'String', '{}');
  const ARN = 'arn:aws:ssm:eu-west-1:000000000000:parameter/q/manifest';
  for (const Name of ['/q/manifest', ARN]) {
    expect(await call('GetParameter', { Name })).toMatchObject({
      Parameter: { Name: '/q/manifest', Value: '{}', Version: 1, ARN },
    });
  }
  await expect(call('GetParameter', { Name: '/q' })).rejects.toMatchObject({
    name: 'ParameterNotFound',
  });
});

test('a parameter is written over only when asked, and gets a new version', async () => {
  await call('PutParameter', { Name: 'p', Type: 'String', Value: '1' });
  await expect(call('PutParameter', { Name: 'p', Value: '2' })).rejects.toMatchObject({
    name: 'ParameterAlreadyExists',
  });
  expect(await call('PutParameter', { Name: 'p', Value: '2', Overwrite: true })).toMatchObject({
    Version: 2,
  });
});

test('a template declares no SecureString', () => {
  expect(() => ssm.createParameter('p', 'SecureString', 's')).toThrow(
    'AWS::SSM::Parameter does not support the type SecureString.',
  );
});

test('a path gives its own level, or everything below it, in pages', async () => {
  for (const name of ['/a/1', '/a/2', '/a/b/3', '/ab/4']) {
    ssm.createParameter(name, 'String', 'x');
  }
  const names = async (input: Record<string, unknown>) => {
    const answer = (await call('GetParametersByPath', input)) as {
      Parameters: { Name: string }[];
      NextToken?: string;
    };
    return [answer.Parameters.map(({ Name }) => Name), answer.NextToken];
  };
  expect(await names({ Path: '/a' })).toEqual([['/a/1', '/a/2'], undefined]);
  expect(await names({ Path: '/a/', Recursive: true, MaxResults: 2 })).toEqual([
    ['/a/1', '/a/2'],
    '2',
  ]);
  expect(await names({ Path: '/a', Recursive: true, MaxResults: 2, NextToken: '2' })).toEqual([
    ['/a/b/3'],
    undefined,
  ]);
});

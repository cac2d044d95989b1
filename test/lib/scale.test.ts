/**
 * How many secrets one deployment holds. Sizes are measured on the template with what CloudFormation would
 * put in place of every reference, in the region with the longest name.
 */
import { describe, expect, test } from '@jest/globals';
import type { QuarterturnProps } from '../../lib/quarterturn-props.ts';
import type { SecretProps } from '../../lib/secret-props.ts';
import { admin, database, inAnApp, jwt } from './in-an-app.ts';
import type { Statement, Synthesized } from './synthesized.ts';

const longest = { env: { region: 'ap-southeast-1', account: '111122223333' } };

/** Every kind in turn, with the longest names there may be. */
function deploymentOf(count: number): QuarterturnProps {
  const secrets: Record<string, SecretProps> = { administratorOfAll: admin };
  for (let index = 1; index < count; index += 1) {
    const key = `secretWithALongName${String.fromCharCode(97 + (index % 26))}`.slice(0, 17);
    const name = `${key}${String(index).padStart(3, '0')}`;
    const host = `cluster-${index}.example.com`;
    const { identity, ...login } = { ...database, admin: 'administratorOfAll', host };
    const kinds: SecretProps[] = [
      jwt,
      { ...login, identity },
      { ...login, scheme: 'singleUser', roles: ['shop'] },
    ];
    secrets[name] = kinds[index % 3] ?? jwt;
  }
  return {
    name: 'sixteen-letters1',
    environment: 'twelveletter',
    secrets,
    consumers: [
      {
        name: 'everything',
        reads: Object.keys(secrets).filter((key) => key !== 'administratorOfAll'),
      },
    ],
  };
}

/** What CloudFormation puts in place of a reference. */
function deployed(app: Synthesized, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((member) => deployed(app, member));
  if (typeof value !== 'object' || value === null) return value;
  const [[call, argument] = ['', undefined]] = Object.entries(value) as [string, unknown][];
  if (call === 'Fn::Join') {
    return (argument as [string, unknown[]])[1].map((part) => deployed(app, part)).join('');
  }
  if (call === 'Ref' || call === 'Fn::GetAtt') {
    const [id] = [argument].flat() as string[];
    if (id === 'AWS::Partition') return 'aws';
    if (id === 'AWS::Region') return 'ap-southeast-1';
    if (id === 'AWS::AccountId') return '111122223333';
    const resource = app.resources[id ?? ''];
    return resource?.Type === 'AWS::SecretsManager::Secret'
      ? `arn:aws:secretsmanager:ap-southeast-1:111122223333:secret:${resource.Properties.Name}-AbCdEf`
      : `arn:aws:service:ap-southeast-1:111122223333:thing/${'x'.repeat(64)}`;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, deployed(app, member)]),
  );
}
/** The managed policies that begin with a name. */
const named = (app: Synthesized, name: string) =>
  app
    .all('AWS::IAM::ManagedPolicy')
    .filter(({ Properties }) =>
      Properties.ManagedPolicyName?.startsWith(`quarterturn-sixteen-letters1-twelveletter-${name}`),
    );
const sizeOf = (app: Synthesized, value: unknown) =>
  JSON.stringify(deployed(app, value)).replaceAll(/\s/g, '').length;

describe('fifty secrets', () => {
  const { app } = inAnApp(() => deploymentOf(50), undefined, longest);
  const managed = app.all('AWS::IAM::ManagedPolicy');

  test('fit in one stack', () => {
    expect(Object.keys(app.resources).length).toBeLessThan(500);
    expect(Object.keys(app.template.Outputs).length).toBeLessThanOrEqual(200);
    expect(app.text.length).toBeLessThan(1_000_000);
  });

  test('can be told apart on the dashboard: ten lines in a graph, within the quotas of a page', () => {
    const { DashboardBody } = app.one('AWS::CloudWatch::Dashboard').Properties;
    const { widgets } = JSON.parse(deployed(app, DashboardBody) as string) as {
      widgets: { type: string; properties: { metrics?: unknown[] } }[];
    };
    const lines = widgets.map(({ properties }) => properties.metrics?.length ?? 0);
    expect(Math.max(...lines)).toBe(10);
    expect(widgets.length).toBeLessThan(50);
    expect(lines.reduce((sum, one) => sum + one, 0)).toBeLessThan(2500);
  });

  test('have their alarms in a stack of their own, where they fit', () => {
    expect(app.all('AWS::CloudFormation::Stack')).toHaveLength(1);
    expect(app.all('AWS::CloudWatch::Alarm', /stepfailed|nearlimit/)).toEqual([]);
  });

  test('have managed policies of 6,144 characters at most', () => {
    const sizes = managed.map(({ Properties }) => sizeOf(app, Properties.PolicyDocument));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6144);
    // Not by being nearly empty: a policy is filled before the next one begins.
    expect(sizes.length).toBeGreaterThan(5);
    expect(sizes.length * 6144).toBeLessThan(2 * sizes.reduce((sum, size) => sum + size, 0));
  });

  test('leave every role within its inline policies and its managed ones', () => {
    const inline = new Map<string, number>();
    const attached = new Map<string, number>();
    for (const { Properties } of app.all('AWS::IAM::Policy')) {
      for (const { Ref } of Properties.Roles) {
        inline.set(Ref, (inline.get(Ref) ?? 0) + sizeOf(app, Properties.PolicyDocument));
      }
    }
    for (const { Properties } of managed) {
      for (const { Ref } of Properties.Roles ?? []) {
        attached.set(Ref, (attached.get(Ref) ?? 0) + 1);
      }
    }
    expect(Math.max(...inline.values())).toBeLessThanOrEqual(10_240);
    expect(Math.max(...attached.values())).toBeLessThanOrEqual(10);
    expect(named(app, 'operator').length).toBeLessThanOrEqual(10);
  });

  test('keep the first policy where it was, and number the others', () => {
    const names = named(app, 'operator').map(({ Properties }) => Properties.ManagedPolicyName);
    const name = 'quarterturn-sixteen-letters1-twelveletter-operator';
    expect(names.slice(0, 3)).toEqual([name, `${name}-2`, `${name}-3`]);
    const { app: small } = inAnApp(() => deploymentOf(4), undefined, longest);
    for (const name of ['operator', 'reader-everything']) {
      const [only, ...more] = named(small, name).map((policy) => small.idOf(policy));
      expect(more).toEqual([]);
      expect(named(app, name).map((policy) => app.idOf(policy))[0]).toBe(only);
    }
  });

  test('are all described, rotated and read by those who could before', () => {
    const all = app
      .all('AWS::SecretsManager::Secret')
      .map((secret) => app.idOf(secret))
      .sort();
    const reached = (id: RegExp, action: string) =>
      app
        .statements(id)
        .filter(({ Action }) => [Action].flat().includes(action))
        .flatMap(({ Resource }: Statement) => [Resource].flat() as { Ref: string }[])
        .map(({ Ref }) => Ref)
        .sort();
    const rotated = all.filter((id) => !id.includes('administratorOfAll'));
    expect(reached(/Readereverything/, 'secretsmanager:GetSecretValue')).toEqual(rotated);
    expect(reached(/^RotationOperator\d*[0-9A-F]{8}$/, 'secretsmanager:RotateSecret')).toEqual(
      rotated,
    );
    expect(reached(/Cadence/, 'secretsmanager:RotateSecret')).toEqual(rotated);
    expect(reached(/Starter/, 'secretsmanager:DescribeSecret')).toEqual(rotated);
    expect(reached(/Watch/, 'secretsmanager:DescribeSecret')).toEqual(rotated);
  });

  test('keep the conditions of a statement that was divided', () => {
    for (const statement of app.statements(/Readereverything/)) {
      const sid = statement.Sid.replace(/\d+$/, '');
      if (sid === 'ReadValues') {
        expect(statement.Condition).toEqual({
          'ForAnyValue:StringEquals': {
            'secretsmanager:VersionStage': ['AWSCURRENT', 'AWSPREVIOUS'],
          },
        });
      }
      if (sid === 'UseKey') {
        expect(statement.Condition.StringEquals).toHaveProperty('kms:ViaService');
        expect(statement.Condition.StringEquals).toHaveProperty('kms:EncryptionContext:SecretARN');
      }
    }
    const sids = app
      .all('AWS::IAM::ManagedPolicy')
      .map(({ Properties }) =>
        Properties.PolicyDocument.Statement.map(({ Sid }: Statement) => Sid),
      );
    for (const own of sids) {
      expect(new Set(own).size).toBe(own.length);
    }
  });

  test('start AfterRotation by patterns of 2,048 characters at most', () => {
    const rules = app
      .all('AWS::Events::Rule', /Promoted/)
      .map(({ Properties }) => Properties.EventPattern);
    expect(rules.length).toBeGreaterThan(1);
    expect(Math.max(...rules.map((pattern) => sizeOf(app, pattern)))).toBeLessThanOrEqual(2048);
    expect(rules.flatMap(({ resources }) => resources)).toHaveLength(49);
  });
});

test('more resources than a stack holds are refused with what to do', () => {
  const secrets = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`s${index}`, jwt]));
  expect(() => inAnApp(() => ({ name: 'ab', environment: 'd', secrets }))).toThrow(
    /^the deployment has 60 secrets with 5\d\d resources; AWS takes 500 in a stack\. Split it into two deployments with names of their own$/,
  );
});

test('more policies than a role takes are refused, too', () => {
  // Names of adopted secrets have no prefix in common: each stands in every list.
  const adopted = (index: number) => {
    const name = `of-a-team-with-a-name/production-of-a-region/${'x'.repeat(128)}-${100 + index}`;
    const secretArn = `arn:aws:secretsmanager:ap-southeast-1:111122223333:secret:${name}-AbCdEf`;
    const kmsKeyArn = 'arn:aws:kms:ap-southeast-1:111122223333:key/0b1c';
    return [`s${index}`, { ...jwt, adopt: { secretArn, kmsKeyArn } }] as const;
  };
  const secrets = Object.fromEntries(Array.from({ length: 50 }, (_, index) => adopted(index)));
  const many = { name: 'ab', environment: 'd', secrets };
  expect(() => inAnApp(() => many, undefined, longest)).toThrow(
    expect.objectContaining({
      code: 'ERR_ROTATION_DEPLOYMENT_TOO_LARGE',
      message: expect.stringMatching(/for more than 10 policies; AWS takes 10 managed policies/),
    }),
  );
});

/** A user-managed secret with an inbox, in the template. */
import { describe, expect, test } from '@jest/globals';
import { inAnApp } from './in-an-app.ts';
import type { Statement, Synthesized } from './synthesized.ts';

const owner = 'arn:aws:iam::111122223333:role/vendor-keys';
const breakGlassRoleArn = 'arn:aws:iam::111122223333:role/break-glass';
const probe = {
  url: 'https://api.anthropic.com/v1/models',
  headers: { 'x-api-key': '{{value}}', 'anthropic-version': '2023-06-01' },
};
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const made = (inbox: object | undefined) =>
  inAnApp(() => ({
    name: 'shop',
    environment: 'prod',
    breakGlassRoleArn,
    secrets: {
      vendor: {
        kind: 'userManaged',
        purpose: 'A key.',
        ...(inbox && { inbox: { owners: [owner], probe, ...inbox } }),
      },
    },
  })).app;

const without = made(undefined);
const app = made({ field: 'API_KEY', probe: { ...probe, ca: { pem: certificate } } });
const idOf = (type: string, id: RegExp) => app.idOf(app.one(type, id));
const secret = () => ({
  Ref: idOf('AWS::SecretsManager::Secret', /SecretvendorSecret[A-F0-9]{8}$/),
});
const inbox = () => ({ Ref: idOf('AWS::SecretsManager::Secret', /SecretvendorInbox/) });
const role = () => ({
  'Fn::GetAtt': [idOf('AWS::IAM::Role', /SecretvendorRotationRole/), 'Arn'],
});

describe('the inbox', () => {
  const policy = (): Statement[] =>
    app.one('AWS::SecretsManager::ResourcePolicy', /InboxProtection/).Properties.ResourcePolicy
      .Statement;
  const denied = (action: string) =>
    policy().filter(({ Effect, Action }) => Effect === 'Deny' && Action.includes(action));
  const passes = (action: string) =>
    denied(action).map(({ Condition }) => Condition.StringNotEquals['aws:PrincipalArn']);

  test('is a secret of its own that outlives the stack, with the marker in it', () => {
    const resource = app.one('AWS::SecretsManager::Secret', /SecretvendorInbox/);
    expect(resource).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Name: 'shop/prod/vendor/inbox',
        SecretString: '{"quarterturn":"uninitialised"}',
        KmsKeyId: app.one('AWS::SecretsManager::Secret', /vendorSecret[A-F0-9]{8}$/).Properties
          .KmsKeyId,
      },
    });
  });

  test('lets its owners put a value and the rotation read it, and nobody both', () => {
    expect(passes('secretsmanager:PutSecretValue')).toEqual([[owner, breakGlassRoleArn]]);
    expect(passes('secretsmanager:GetSecretValue')).toEqual([[role(), breakGlassRoleArn]]);
    expect(passes('secretsmanager:UpdateSecretVersionStage')).toEqual([[breakGlassRoleArn]]);
    // The policy of the account's own principals decides the rest; nothing is allowed here.
    expect(policy().every(({ Effect }) => Effect === 'Deny')).toBe(true);
  });

  test('comes with a policy for its owners: to put, with the key, and nothing else', () => {
    const statements = app.statements(/SecretvendorOwnerPolicy/);
    expect(statements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ['secretsmanager:PutSecretValue', inbox()],
      [['kms:Decrypt', 'kms:GenerateDataKey'], expect.anything()],
    ]);
    expect(statements[1]?.Condition.StringEquals).toMatchObject({
      'kms:EncryptionContext:SecretARN': [inbox()],
    });
  });
});

describe('its function', () => {
  const lambda = () => app.one('AWS::Lambda::Function', /SecretvendorRotationFunction/);

  test('is told the request, the field and whom to trust, and reads the inbox as it stands', () => {
    const { Variables } = lambda().Properties.Environment;
    expect(Variables).toMatchObject({ INBOX_SECRET_ARN: inbox(), FIELD: 'API_KEY', CA: 'file' });
    expect(JSON.parse(Variables.PROBE)).toEqual({
      ...probe,
      method: 'GET',
      expect: [200],
      timeoutSeconds: 5,
    });
    const read = app.statement(/SecretvendorRotationPolicy/, 'ReadCompanions');
    expect([read.Action, read.Resource]).toEqual(['secretsmanager:GetSecretValue', inbox()]);
    expect(read.Condition).toEqual({
      'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT'] },
    });
  });

  test('rotates by no rule of Secrets Manager’s own, and no deployment starts it', () => {
    const { Properties } = app.one('AWS::SecretsManager::RotationSchedule');
    expect(Properties.RotationRules).toBeUndefined();
    expect(Properties.RotateImmediatelyOnUpdate).toBe(false);
  });

  test('has alarms of its failures, and none of an age it has no limit for', () => {
    const names = app.all('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties.AlarmName);
    const own = names.filter((name) => String(name).endsWith('-vendor'));
    expect(own.sort()).toEqual([
      'quarterturn-shop-prod-step-failed-vendor',
      'quarterturn-shop-prod-throttled-vendor',
    ]);
  });
});

describe('around it', () => {
  test('the starter hears of the inbox and of the secret, and may rotate this one', () => {
    const rule = app.one('AWS::Events::Rule', /StarterPromoted[A-F0-9]{8}$/);
    expect(rule.Properties.EventPattern.resources).toEqual([secret(), inbox()]);
    const rotate = app.statement(/StarterFunctionPolicy/, 'Rotate');
    expect([rotate.Action, rotate.Resource]).toEqual(['secretsmanager:RotateSecret', secret()]);
    expect(without.statements(/StarterFunctionPolicy/).map(({ Sid }) => Sid)).not.toContain(
      'Rotate',
    );
  });

  test('the cadence reminds of every user-managed secret, with or without one', () => {
    for (const one of [app, without]) {
      const announce = one.statement(/CadenceFunctionPolicy/, 'Announce');
      expect(announce.Condition.StringEquals['events:detail-type']).toContain(
        'credential-reminder',
      );
      expect(one.statement(/CadenceFunctionPolicy/, 'SeeVersions').Action).toBe(
        'secretsmanager:ListSecretVersionIds',
      );
      const write = one.statement(/CadenceFunctionPolicy/, 'WriteControlRecords');
      expect(write.Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys']).toContain(
        'notice#shop/prod/vendor',
      );
    }
  });

  test('a secret that gets an inbox stays the secret it was', () => {
    const [before, after] = [without, app].map((one: Synthesized) =>
      Object.entries(one.resources).filter(
        ([id, { Type }]) => /Secretvendor/.test(id) && Type === 'AWS::SecretsManager::Secret',
      ),
    );
    expect(before).toHaveLength(1);
    expect(after).toContainEqual(before?.[0]);
    const protection = (one: Synthesized) =>
      one.idOf(one.one('AWS::SecretsManager::ResourcePolicy', /SecretvendorProtection/));
    expect(protection(app)).toBe(protection(without));
  });

  test('it takes eleven resources more, alarms included', () => {
    const count = (one: Synthesized) =>
      Object.keys(one.resources).filter((id) => /vendor/.test(id)).length;
    expect([count(without), count(app)]).toEqual([2, 13]);
  });
});

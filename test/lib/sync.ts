/** What the function that writes copies may do, and is told, asked of the template with everything on. */
import { describe, expect, test } from '@jest/globals';
import type { Synthesized } from './synthesized.ts';

const key = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000002';

export function sync(stack: Synthesized): void {
  describe('what writes copies', () => {
    const role = /^SyncFunctionPolicy/;
    const secret = (name: string) => ({ Ref: expect.stringMatching(new RegExp(`^Secret${name}`)) });
    const parameter = (name: string) => ({
      'Fn::Join': [
        '',
        expect.arrayContaining([
          expect.stringMatching(new RegExp(`:parameter/pharmacy/prod/${name}$`)),
        ]),
      ],
    });

    test('reads AWSCURRENT of what is copied and of what lets it write, and nothing else', () => {
      const { Action, Resource, Condition } = stack.statement(role, 'ReadValues');
      expect(Action).toBe('secretsmanager:GetSecretValue');
      expect(Resource).toEqual([
        secret('jwt'),
        secret('db'),
        secret('gitHubToken'),
        secret('anthropic'),
        secret('gitHubWebhook'),
      ]);
      expect(Condition).toEqual({
        'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT'] },
      });
      const use = stack.statement(role, 'UseKeyOfValues');
      expect(use.Action).toBe('kms:Decrypt');
      expect(use.Condition.StringEquals['kms:EncryptionContext:SecretARN']).toEqual(Resource);
    });

    test('writes and reads exactly the named parameters', () => {
      const { Action, Resource } = stack.statement(role, 'WriteParameters');
      expect(Action).toEqual(['ssm:GetParameter', 'ssm:PutParameter']);
      expect(Resource).toEqual([parameter('jwt'), parameter('db')]);
    });

    test.each([
      ['UseKeyOfParameters1', 'jwt', ['kms:Decrypt', 'kms:Encrypt']],
      ['UseKeyOfParameters2', 'db', ['kms:Decrypt', 'kms:GenerateDataKey']],
    ])(
      '%s: the key for one tier, through Parameter Store, for parameter %s',
      (sid, name, actions) => {
        const { Action, Resource, Condition } = stack.statement(role, sid);
        expect([Action, Resource]).toEqual([actions, key]);
        const { 'kms:ViaService': via, ...context } = Condition.StringEquals;
        expect(JSON.stringify(via)).toMatch(/"ssm\.".*AWS::Region/);
        const of = context['kms:EncryptionContext:PARAMETER_ARN'];
        expect([of].flat()).toEqual([parameter(name)]);
      },
    );

    test('may do nothing more', () => {
      expect(stack.statements(role).map(({ Sid }) => Sid)).toEqual([
        'Log',
        'Trace',
        'ReadValues',
        'UseKeyOfValues',
        'WriteParameters',
        'UseKeyOfParameters1',
        'UseKeyOfParameters2',
      ]);
    });

    test('stands outside of every VPC, and has an alarm', () => {
      const made = stack.one('AWS::Lambda::Function', /^SyncFunction/);
      expect(made.Properties.FunctionName).toBe('quarterturn-pharmacy-prod-sync-copies');
      expect(made.Properties.VpcConfig).toBeUndefined();
      expect(made.Properties.Environment.Variables).toEqual({
        DEPLOYMENT: 'pharmacy/prod',
        ENVIRONMENT: 'prod',
      });
      expect(JSON.stringify(stack.resources)).toContain(
        'quarterturn-pharmacy-prod-throttled-sync"',
      );
      expect(Object.keys(stack.resources).filter((id) => /^Sync/.test(id))).toHaveLength(4);
    });

    test('tells a rotation what the smallest place takes that is given all of its keys', () => {
      const limits = Object.values(stack.resources)
        .filter(({ Type }) => Type === 'AWS::Lambda::Function')
        .map(({ Properties: { FunctionName, Environment } }) => [
          FunctionName,
          Environment?.Variables?.SYNC_LIMIT_BYTES,
        ])
        .filter(([, limit]) => limit !== undefined);
      expect(limits).toEqual([['quarterturn-pharmacy-prod-jwt', '4096']]);
    });
  });
}

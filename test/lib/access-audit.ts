/** What the access audit may do, and the table it asks, in the template with everything on. */
import { describe, expect, test } from '@jest/globals';
import type { Synthesized } from './synthesized.ts';

export function accessAudit(stack: Synthesized): void {
  describe('who read the secrets', () => {
    const role = /^AccessAuditFunctionPolicy/;
    const account = { Ref: 'AWS::AccountId' };
    const text = (value: unknown) =>
      JSON.stringify(value)
        .replaceAll('{"Ref":"AWS::AccountId"}', '"111122223333"')
        .replaceAll('{"Ref":"AWS::Partition"}', '"aws"')
        .replaceAll('{"Fn::Join":["",[', '')
        .replaceAll('","', '');

    test('is asked of CloudTrail and Athena; no value is read, no key of a secret used', () => {
      const actions = stack
        .statements(role)
        .flatMap(({ Action }) => Action)
        .sort();
      expect(actions).toEqual([
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:StartQueryExecution',
        'athena:StopQueryExecution',
        'cloudtrail:LookupEvents',
        'glue:GetDatabase',
        'glue:GetTable',
        'iam:ListEntitiesForPolicy',
        'kms:Decrypt',
        'lambda:GetFunctionConfiguration',
        'logs:CreateLogStream',
        'logs:PutLogEvents',
        's3:GetBucketLocation',
        's3:GetObject',
        's3:ListBucket',
        'ssm:GetParameter',
        'xray:PutTelemetryRecords',
        'xray:PutTraceSegments',
      ]);
    });

    test('holders are looked up of the readers’ policies of this deployment, and no others', () => {
      const { Resource } = stack.statement(role, 'KnowReaders');
      expect(text(Resource)).toContain('policy/quarterturn-pharmacy-prod-reader-api');
      expect(Resource).toHaveLength(5);
    });

    test('files of the trail are read by Athena alone, of this account alone, with the trail’s key', () => {
      const byAthena = {
        'ForAnyValue:StringEquals': { 'aws:CalledVia': ['athena.amazonaws.com'] },
      };
      const files = 'trails/AWSLogs/o-exampleorgid/111122223333/CloudTrail/*';
      const read = stack.statement(role, 'ReadTrail');
      expect(text(read.Resource)).toContain(files);
      expect(text(read.Resource)).toContain('example-audit-trail/');
      expect(read.Condition).toEqual(byAthena);
      const list = stack.statement(role, 'ListTrail');
      expect(text(list.Resource)).toContain('example-audit-trail');
      expect(text(list.Condition.StringLike['s3:prefix'])).toContain(files);
      expect(list.Condition).toMatchObject(byAthena);
      expect(stack.statement(role, 'UseKeyOfTrail')).toMatchObject({
        Resource: 'arn:aws:kms:eu-central-1:444455556666:key/00000000-0000-4000-8000-000000000003',
        Condition: { StringEquals: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } },
      });
    });

    test('the table lies over the trail’s folders, by account, region and day of delivery', () => {
      const { DatabaseName, TableInput } = stack.one('AWS::Glue::Table').Properties;
      expect(DatabaseName).toEqual({ Ref: expect.stringMatching(/^AccessAuditDatabase/) });
      expect(stack.one('AWS::Glue::Database').Properties.DatabaseInput.Name).toBe(
        'quarterturn_pharmacy_prod_trail',
      );
      expect(TableInput.Parameters).toMatchObject({
        'projection.account.values': account,
        'projection.region.values': 'eu-west-1,eu-central-1',
        'storage.location.template': `s3://example-audit-trail/trails/AWSLogs/o-exampleorgid/\${account}/CloudTrail/\${region}/\${day}`,
      });
      expect(TableInput.PartitionKeys.map(({ Name }: { Name: string }) => Name)).toEqual([
        'account',
        'region',
        'day',
      ]);
    });

    test('results are Athena’s own, for a day, whatever a request says', () => {
      expect(stack.one('AWS::Athena::WorkGroup').Properties).toMatchObject({
        Name: 'quarterturn-pharmacy-prod-audit-access',
        WorkGroupConfiguration: {
          EnforceWorkGroupConfiguration: true,
          ManagedQueryResultsConfiguration: { Enabled: true },
        },
      });
    });

    test('is asked by on-call as well, and stands outside of every VPC', () => {
      expect(JSON.stringify(stack.statements(/^Operator/))).toContain(
        'function:quarterturn-pharmacy-prod-audit-access',
      );
      const made = stack.one('AWS::Lambda::Function', /^AccessAuditFunction/);
      expect(made.Properties.VpcConfig).toBeUndefined();
      expect(made.Properties.Environment.Variables).toMatchObject({
        WORKGROUP: 'quarterturn-pharmacy-prod-audit-access',
        DATABASE: 'quarterturn_pharmacy_prod_trail',
        BREAK_GLASS_ROLE: 'arn:aws:iam::111122223333:role/break-glass',
      });
    });

    test('is four resources, and three more for a trail', () => {
      expect(
        Object.keys(stack.resources).filter((id) => id.startsWith('AccessAudit')),
      ).toHaveLength(7);
    });
  });
}

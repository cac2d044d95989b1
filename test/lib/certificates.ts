/** What the function that reads certificates may do, asked of the template with everything on. */
import { describe, expect, test } from '@jest/globals';
import type { Synthesized } from './synthesized.ts';

export function certificates(stack: Synthesized): void {
  describe('what reads certificates', () => {
    const role = /^CertificatesFunctionPolicy/;

    test('describes the named ones of ACM, and reads AWSCURRENT of the named secrets', () => {
      expect(stack.statement(role, 'Describe')).toMatchObject({
        Action: 'acm:DescribeCertificate',
        Resource: expect.stringMatching(/^arn:aws:acm:us-east-1:111122223333:certificate\//),
      });
      const { Resource, Condition, Action } = stack.statement(role, 'ReadCertificates');
      expect(Action).toBe('secretsmanager:GetSecretValue');
      expect(Resource).toEqual([
        { Ref: expect.stringMatching(/^SecretpartnerTlsSecret/) },
        'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gateway/tls-AbCdEf',
      ]);
      expect(Condition).toEqual({
        'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT'] },
      });
      const { Condition: ofKey, Action: use } = stack.statement(role, 'UseKeyOfCertificates');
      expect(use).toBe('kms:Decrypt');
      expect(ofKey.StringEquals['kms:EncryptionContext:SecretARN']).toEqual(Resource);
    });

    test('has the days that are left on the dashboard', () => {
      const { DashboardBody } = stack.one('AWS::CloudWatch::Dashboard').Properties;
      expect(JSON.stringify(DashboardBody)).toContain('CertificateDaysLeft');
    });

    test('remembers and tells of certificates alone, outside of every VPC', () => {
      expect(stack.statement(role, 'WriteControlRecords').Condition).toEqual({
        'ForAllValues:StringLike': {
          'dynamodb:LeadingKeys': ['certificate#pharmacy/prod', 'certificate.told#pharmacy/prod'],
        },
      });
      expect(stack.statement(role, 'Tell').Condition).toEqual({
        StringEquals: {
          'events:source': 'quarterturn',
          'events:detail-type': ['certificate-expiring'],
        },
      });
      const made = stack.one('AWS::Lambda::Function', /^CertificatesFunction/);
      expect(made.Properties.VpcConfig).toBeUndefined();
      expect(made.Properties.FunctionName).toBe('quarterturn-pharmacy-prod-check-certificates');
    });

    test('is run by on-call as well, who reads what it found and no certificate', () => {
      const operator = JSON.stringify(stack.statements(/^Operator/));
      expect(operator).toContain('function:quarterturn-pharmacy-prod-check-certificates');
      expect(operator).toContain('"certificate#pharmacy/prod"');
      expect(operator).not.toContain('certificate.told');
      expect(operator).not.toContain('acm:');
    });

    test('is eleven resources, its alarms included', () => {
      const own = Object.keys(stack.resources).filter((id) =>
        /^(Certificates|Alarms.*ertificate)/.test(id),
      );
      expect(own.length).toBeLessThanOrEqual(11);
    });
  });
}

/** A small assembly made by hand, so that the loader is tested without synthesizing the product. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const TRUST_LAMBDA = {
  Statement: [
    { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ],
};

/** Writes an assembly whose one asset is `asset.code`, holding `index.mjs`. */
export function makeAssembly(
  template: Record<string, unknown>,
  code = 'export const handler = async (event) => event;',
): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'quarterturn-assembly-'));
  const write = (name: string, value: unknown) =>
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  mkdirSync(join(folder, 'asset.code'));
  write('asset.code/index.mjs', code);
  write('Tiny.template.json', template);
  write('Tiny.assets.json', {
    files: {
      code: {
        source: { path: 'asset.code', packaging: 'zip' },
        destinations: { current: { bucketName: 'bucket', objectKey: 'code.zip' } },
      },
    },
  });
  write('manifest.json', {
    artifacts: {
      'Tiny.assets': { type: 'cdk:asset-manifest', properties: { file: 'Tiny.assets.json' } },
      Tiny: {
        type: 'aws:cloudformation:stack',
        environment: 'aws://123456789012/eu-central-1',
        properties: { templateFile: 'Tiny.template.json' },
      },
    },
  });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A function that runs the assembly's asset with a role of its own. */
export function functionResources(
  name: string,
  properties: Record<string, unknown> = {},
  statements: readonly unknown[] = [],
): Record<string, unknown> {
  const policies = [{ PolicyName: 'Own', PolicyDocument: { Statement: statements } }];
  return {
    [`${name}Role`]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: TRUST_LAMBDA,
        ...(statements.length > 0 && { Policies: policies }),
      },
    },
    [name]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: name,
        Code: { S3Bucket: { 'Fn::Sub': `assets-\${AWS::AccountId}` }, S3Key: 'code.zip' },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
        ...properties,
      },
    },
  };
}

/** Names of other systems, as their owners bound them: the longest that is one, and what is none. */
import { describe, expect, test } from '@jest/globals';
import type * as z from 'zod';
import { healthProbeSchema, restartSchema } from '../../../domain/config/consumer-schema.ts';
import { emergencySchema } from '../../../domain/config/emergency-schema.ts';
import { syncTargetSchema } from '../../../domain/config/sync-schema.ts';
import { triggersSchema } from '../../../domain/config/trigger-schema.ts';

const a = (length: number) => 'a'.repeat(length);
const ecs = { by: 'ecs', cluster: 'c', service: 's' };
const eks = { by: 'kubernetes', cluster: 'c', namespace: 'n', deployment: 'd' };
const github = { to: 'github', repository: 'o/r', name: 'N', token: 't' };
const parameter = {
  to: 'ssm',
  parameter: '/a',
  kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/k',
};
const alert = (more: object) => ({
  gitHub: { secret: 's', alerts: [{ secrets: ['jwt'], ...more }] },
});
const finding = (more: object) => ({
  guardDuty: { findings: [{ type: 'Ab:I/', secrets: ['jwt'], ...more }] },
});
const role = 'arn:aws:iam::111122223333:role';
const oneRole = 'the ARN of an IAM role or user';

interface Case {
  readonly what: string;
  readonly schema: z.ZodType;
  readonly of: (name: string) => unknown;
  readonly are: readonly string[];
  readonly areNot: readonly string[];
  readonly expected: string;
}
const cases: readonly Case[] = [
  {
    what: 'a cluster of ECS',
    schema: restartSchema,
    of: (cluster) => ({ ...ecs, cluster }),
    are: ['My_c-1', a(255)],
    areNot: ['', a(256), 'arn:x', ' c', 'c '],
    expected: 'the name alone, not an ARN',
  },
  {
    what: 'an application of CodeDeploy',
    schema: restartSchema,
    of: (application) => ({ ...ecs, codeDeploy: { application, deploymentGroup: 'g' } }),
    are: ['A+=,.@_-9', a(100)],
    areNot: ['', a(101), 'a b', ' a', 'a/b'],
    expected: 'the name of an application',
  },
  {
    what: 'a deployment group of CodeDeploy',
    schema: restartSchema,
    of: (deploymentGroup) => ({ ...ecs, codeDeploy: { application: 'a', deploymentGroup } }),
    are: ['A+=,.@_-9', a(100)],
    areNot: ['', a(101), 'a b', ' a', 'a/b'],
    expected: 'the name of a group',
  },
  {
    what: 'a cluster of EKS',
    schema: restartSchema,
    of: (cluster) => ({ ...eks, cluster }),
    are: ['A', 'A_-9', a(100)],
    areNot: ['', a(101), '-a', '_a', 'a b'],
    expected: 'the name of an EKS cluster',
  },
  {
    what: 'a namespace of Kubernetes',
    schema: restartSchema,
    of: (namespace) => ({ ...eks, namespace }),
    are: ['a', 'a-b', 'a1', a(63)],
    areNot: ['', a(64), '-a', 'a-', 'A', 'a.b', 'aBa'],
    expected: 'a label of RFC 1123',
  },
  {
    what: 'a deployment of Kubernetes',
    schema: restartSchema,
    of: (deployment) => ({ ...eks, deployment }),
    are: ['a', 'a-b.c', '1a', a(253)],
    areNot: ['', '-a', 'a.', 'A', 'aBa', 'a_a'],
    expected: 'a subdomain of RFC 1123',
  },
  {
    what: 'a function of Lambda',
    schema: restartSchema,
    of: (name) => ({ by: 'lambda', function: name }),
    are: ['My_f-1', a(64)],
    areNot: ['', a(65), 'arn:x', ' f'],
    expected: 'the name alone, not an ARN',
  },
  {
    what: 'a probe',
    schema: healthProbeSchema,
    of: (name) => ({ name, url: 'https://h' }),
    are: ['9 a._-', a(64)],
    areNot: ['', a(65), ' a', '.a', 'a/b'],
    expected: 'a short name for people',
  },
  {
    what: 'a member of an answer',
    schema: healthProbeSchema,
    of: (pointer) => ({ name: 'p', url: 'https://h', json: { [pointer]: 1 } }),
    are: ['/', '/a', '/a/b', '/~0~1', '//'],
    areNot: ['', 'a', 'a/b', '/~', '/~2'],
    expected: 'a JSON Pointer such as "/status"',
  },
  {
    what: 'a repository of GitHub',
    schema: syncTargetSchema,
    of: (repository) => ({ ...github, secret: 's', repository }),
    are: ['o-1/R._-9', `${a(39)}/${a(100)}`],
    areNot: ['', 'o', 'o/', '/r', `${a(40)}/r`, `o/${a(101)}`, 'o/r/s', 'o_/r', ' o/r'],
    expected: 'owner and repository: "owner/name"',
  },
  {
    what: 'a secret of GitHub’s Actions',
    schema: syncTargetSchema,
    of: (name) => ({ ...github, secret: 's', name }),
    are: ['A_9', '_a', 'GITHU', a(100)],
    areNot: ['', a(101), '9a', 'GITHUB_A', 'github_a', 'a-b', ' A', '-A'],
    expected: 'letters, digits, underscores; not GITHUB_…',
  },
  {
    what: 'whom an emergency may be started by',
    schema: emergencySchema,
    of: (arn) => ({ assumedBy: [arn] }),
    are: [`${role}/r`, `${role}/p/q+=,.@-_9`, 'arn:aws-cn:iam::111122223333:user/u'],
    areNot: ['*', `${role}/`, `${role}/*`, ` ${role}/r`, 'arn:aws:iam::1:role/r', `${role}/r x`],
    expected: oneRole,
  },
  {
    what: 'who may say that a secret is exposed',
    schema: triggersSchema,
    of: (arn) => ({ exposure: { from: [arn] } }),
    are: [`${role}/r`, `${role}/p/q+=,.@-_9`, 'arn:aws-cn:iam::111122223333:user/u'],
    areNot: ['*', `${role}/`, `${role}/*`, ` ${role}/r`, 'arn:aws:iam::1:role/r', `${role}/r x`],
    expected: oneRole,
  },
  {
    what: 'somebody who may leave',
    schema: triggersSchema,
    of: (id) => ({ offboarding: { from: [`${role}/r`], people: { [id]: ['jwt'] } } }),
    are: ['m', 'Mara.B_9@x+y-z', a(64)],
    areNot: ['', a(65), '.m', '@m', 'm m', ' m'],
    expected: 'letters, digits and ._@+-; 64 at most',
  },
  {
    what: 'a repository of an alert',
    schema: triggersSchema,
    of: (repository) => alert({ repository }),
    are: ['o-1/R._-9', `${a(39)}/${a(100)}`],
    areNot: ['', 'o', `${a(40)}/r`, `o/${a(101)}`, 'o/r/s', ' o/r'],
    expected: 'a repository as owner/name',
  },
  {
    what: 'a type of secrets of an alert',
    schema: triggersSchema,
    of: (secretType) => alert({ secretType }),
    are: ['amazon_aws-1', a(100)],
    areNot: ['', a(101), 'a b', ' a'],
    expected: 'a secret_type of GitHub',
  },
  {
    what: 'the beginning of a finding’s type',
    schema: triggersSchema,
    of: (type) => finding({ type }),
    are: ['UnauthorizedAccess:IAMUser/', 'Ab:E2/X.Y!Z-9'],
    areNot: ['', 'A:I/', 'a:I/', 'Ab:I', 'Ab:/', ' Ab:I/', 'Ab:I/x y'],
    expected: 'the beginning of a finding type, such as "UnauthorizedAccess:IAMUser/"',
  },
  {
    what: 'whom a finding is about',
    schema: triggersSchema,
    of: (principal) => finding({ type: 'Ab:I/', principal }),
    are: ['A_+=,.@-9', a(64)],
    areNot: ['', a(65), 'a/b', ' a'],
    expected: 'the name of an IAM role or user',
  },
  {
    what: 'a parameter of Systems Manager',
    schema: syncTargetSchema,
    of: (path) => ({ ...parameter, secret: 's', parameter: path }),
    are: ['/a', '/app/prod/J_w-t.9', '/a'.repeat(15)],
    areNot: ['', 'a', '/', '/a/', '//a', '/a'.repeat(16), '/a b', ' /a'],
    expected: 'the full path of a parameter, such as "/app/prod/JWT"',
  },
];

describe.each(cases.map((one) => [one.what, one] as const))('%s', (_what, one) => {
  const { schema, of, are, areNot, expected } = one;

  test('may have every name its owner gives', () => {
    for (const name of are) {
      expect([name, schema.safeParse(of(name)).error?.issues]).toEqual([name, undefined]);
    }
  });

  test('has no other, and what is expected is said', () => {
    for (const name of areNot) {
      const issues = JSON.stringify(schema.safeParse(of(name)).error?.issues ?? []);
      expect([name, issues.includes(JSON.stringify(expected))]).toEqual([name, true]);
    }
  });
});

/**
 * What the real `aws` command is answered, operation by operation, against what AWS documents: shapes and
 * members (API reference), names and texts of errors (API reference; texts it leaves out as recorded in the
 * issue trackers of Terraform, moto and LocalStack). Chains of calls that share nothing run side by side,
 * because each call costs most of a second.
 */
import { expect } from '@jest/globals';

export interface Answer {
  output: Record<string, unknown>;
  /** What it wrote to standard error; empty when it succeeded. */
  refusal: string;
}
export type Aws = (...args: string[]) => Promise<Answer>;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const arnOf = (name: string) =>
  new RegExp(`^arn:aws:secretsmanager:eu-west-1:000000000000:secret:${name}-[A-Za-z0-9]{6}$`);
/** `aws` prints timestamps as ISO 8601, or as seconds since the epoch (version 1). */
const instant = expect.anything();

const error = (code: string, operation: string, message: string) =>
  `An error occurred (${code}) when calling the ${operation} operation: ${message}`;
const notFound = "Secrets Manager can't find the specified secret.";
const marked = "You can't perform this operation on the secret because it was marked for deletion.";

/** Values and their labels: create, describe, put, move labels, list versions. */
export async function values(aws: Aws): Promise<void> {
  const id = ['--secret-id', 'conformance/values'] as const;
  const created = await aws(
    ...['create-secret', '--name', 'conformance/values', '--description', 'of a test'],
    ...['--secret-string', 'one', '--tags', 'Key=team,Value=pharmacy'],
  );
  expect(created).toEqual({
    refusal: '',
    output: {
      ARN: expect.stringMatching(arnOf('conformance/values')),
      Name: 'conformance/values',
      VersionId: expect.stringMatching(uuid),
    },
  });
  const first = String(created.output.VersionId);
  const [described, again, put] = await Promise.all([
    aws('describe-secret', ...id),
    aws('create-secret', '--name', 'conformance/values', '--secret-string', 'other'),
    aws('put-secret-value', ...id, '--secret-string', 'two'),
  ]);
  expect(described.output).toMatchObject({
    ARN: created.output.ARN,
    Name: 'conformance/values',
    Description: 'of a test',
    LastChangedDate: instant,
    CreatedDate: instant,
    Tags: [{ Key: 'team', Value: 'pharmacy' }],
  });
  // Absent before rotation was configured, not false (API_DescribeSecret).
  expect(described.output).not.toHaveProperty('RotationEnabled');
  expect(again.refusal).toContain(
    error(
      'ResourceExistsException',
      'CreateSecret',
      'The operation failed because the secret conformance/values already exists.',
    ),
  );
  expect(put.output).toEqual({
    ARN: created.output.ARN,
    Name: 'conformance/values',
    VersionId: expect.stringMatching(uuid),
    VersionStages: ['AWSCURRENT'],
  });
  const second = String(put.output.VersionId);
  const [current, previous, absent, listed, occupied] = await Promise.all([
    aws('get-secret-value', ...id),
    aws('get-secret-value', ...id, '--version-stage', 'AWSPREVIOUS'),
    aws('get-secret-value', ...id, '--version-stage', 'AWSPENDING'),
    aws('list-secret-version-ids', ...id),
    aws(
      ...['update-secret-version-stage', ...id, '--version-stage', 'AWSCURRENT'],
      ...['--move-to-version-id', first],
    ),
  ]);
  expect(current.output).toEqual({
    ARN: created.output.ARN,
    Name: 'conformance/values',
    VersionId: second,
    SecretString: 'two',
    VersionStages: ['AWSCURRENT'],
    CreatedDate: instant,
  });
  expect(previous.output).toMatchObject({ VersionId: first, SecretString: 'one' });
  expect(absent.refusal).toContain(
    error(
      'ResourceNotFoundException',
      'GetSecretValue',
      "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    ),
  );
  expect(listed.output).toMatchObject({
    ARN: created.output.ARN,
    Name: 'conformance/values',
    Versions: expect.arrayContaining([
      expect.objectContaining({ VersionId: first, VersionStages: ['AWSPREVIOUS'] }),
      expect.objectContaining({ VersionId: second, VersionStages: ['AWSCURRENT'] }),
    ]),
  });
  expect(occupied.refusal).toContain(
    error(
      'InvalidParameterException',
      'UpdateSecretVersionStage',
      `The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${second}, so you must explicitly reference that version in RemoveFromVersionId.`,
    ),
  );
  const moved = await aws(
    ...['update-secret-version-stage', ...id, '--version-stage', 'AWSCURRENT'],
    ...['--move-to-version-id', first, '--remove-from-version-id', second],
  );
  expect(moved).toEqual({
    refusal: '',
    output: { ARN: created.output.ARN, Name: 'conformance/values' },
  });
  const after = await aws('describe-secret', ...id);
  // "Whenever you move AWSCURRENT, Secrets Manager automatically moves AWSPREVIOUS" (API reference).
  expect(after.output.VersionIdsToStages).toEqual({
    [first]: ['AWSCURRENT'],
    [second]: ['AWSPREVIOUS'],
  });
}

/** Tags, deletion with recovery, and the list. */
export async function lifecycle(aws: Aws): Promise<void> {
  const id = ['--secret-id', 'conformance/lifecycle'] as const;
  const { output } = await aws(
    ...['create-secret', '--name', 'conformance/lifecycle', '--secret-string', 'one'],
  );
  const named = { ARN: output.ARN, Name: 'conformance/lifecycle' };
  const tagged = await aws(
    ...['tag-resource', ...id, '--tags'],
    ...['Key=team,Value=pharmacy', 'Key=stage,Value=test'],
  );
  const untagged = await aws('untag-resource', ...id, '--tag-keys', 'stage');
  // Neither operation answers anything.
  expect([tagged, untagged]).toEqual(Array(2).fill({ output: {}, refusal: '' }));
  const [listed, window] = await Promise.all([
    aws('list-secrets', '--filters', 'Key=name,Values=conformance/lifecycle'),
    aws('delete-secret', ...id, '--recovery-window-in-days', '3'),
  ]);
  expect(listed.output.SecretList).toEqual([
    expect.objectContaining({
      ...named,
      Tags: [{ Key: 'team', Value: 'pharmacy' }],
      SecretVersionsToStages: { [String(output.VersionId)]: ['AWSCURRENT'] },
    }),
  ]);
  expect(window.refusal).toContain(
    error(
      'InvalidParameterException',
      'DeleteSecret',
      'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    ),
  );
  const deleted = await aws('delete-secret', ...id, '--recovery-window-in-days', '7');
  expect(deleted.output).toEqual({ ...named, DeletionDate: instant });
  const [read, described, recreated] = await Promise.all([
    aws('get-secret-value', ...id),
    aws('describe-secret', ...id),
    aws('create-secret', '--name', 'conformance/lifecycle', '--secret-string', 'two'),
  ]);
  expect(read.refusal).toContain(error('InvalidRequestException', 'GetSecretValue', marked));
  expect(described.output).toMatchObject({ ...named, DeletedDate: instant });
  expect(recreated.refusal).toContain(
    error(
      'InvalidRequestException',
      'CreateSecret',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    ),
  );
  expect((await aws('restore-secret', ...id)).output).toEqual(named);
  expect((await aws('get-secret-value', ...id)).output.SecretString).toBe('one');
}

/** Resource policies. */
export async function policies(aws: Aws): Promise<void> {
  const id = ['--secret-id', 'conformance/policies'] as const;
  const policy = (principal: unknown) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: principal,
          Action: 'secretsmanager:GetSecretValue',
          Resource: '*',
        },
      ],
    });
  const own = policy({ AWS: 'arn:aws:iam::000000000000:root' });
  const { output } = await aws('create-secret', '--name', 'conformance/policies');
  const named = { ARN: output.ARN, Name: 'conformance/policies' };
  // Without a value there is no version (API_CreateSecret).
  expect(output).toEqual(named);
  const [none, malformed, broad, fine, open] = await Promise.all([
    aws('get-resource-policy', ...id),
    aws('put-resource-policy', ...id, '--resource-policy', '{"Version":'),
    aws(
      ...['put-resource-policy', ...id, '--block-public-policy'],
      ...['--resource-policy', policy('*')],
    ),
    aws('validate-resource-policy', '--resource-policy', own),
    aws('validate-resource-policy', ...id, '--resource-policy', policy('*')),
  ]);
  expect(none).toEqual({ output: named, refusal: '' });
  expect(malformed.refusal).toContain(
    '(MalformedPolicyDocumentException) when calling the PutResourcePolicy operation',
  );
  expect(broad.refusal).toContain(
    error(
      'PublicPolicyException',
      'PutResourcePolicy',
      'The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to the secret.',
    ),
  );
  expect(fine.output).toEqual({ PolicyValidationPassed: true, ValidationErrors: [] });
  expect(open.output).toEqual({
    PolicyValidationPassed: false,
    ValidationErrors: [{ CheckName: expect.any(String), ErrorMessage: expect.any(String) }],
  });
  expect(await aws('put-resource-policy', ...id, '--resource-policy', own)).toEqual({
    output: named,
    refusal: '',
  });
  const got = await aws('get-resource-policy', ...id);
  expect(JSON.parse(String(got.output.ResourcePolicy))).toEqual(JSON.parse(own));
  expect((await aws('delete-resource-policy', ...id)).output).toEqual(named);
}

/** Operations on nothing, and rotation of what was never configured. */
export async function refusals(aws: Aws): Promise<void> {
  const nothing = ['--secret-id', 'conformance/nothing'] as const;
  const unknown = ['describe-secret', 'rotate-secret', 'cancel-rotate-secret', 'restore-secret'];
  const operations = ['DescribeSecret', 'RotateSecret', 'CancelRotateSecret', 'RestoreSecret'];
  const [made, ...answers] = await Promise.all([
    aws('create-secret', '--name', 'conformance/refusals', '--secret-string', 'one'),
    ...unknown.map((command) => aws(command, ...nothing)),
  ]);
  expect(made.refusal).toBe('');
  expect(answers.map(({ refusal }) => refusal.trim())).toEqual(
    operations.map((operation) =>
      expect.stringContaining(error('ResourceNotFoundException', operation, notFound)),
    ),
  );
  const id = ['--secret-id', 'conformance/refusals'] as const;
  const [rotate, cancel] = await Promise.all([
    aws('rotate-secret', ...id),
    aws('cancel-rotate-secret', ...id),
  ]);
  expect(rotate.refusal).toContain(
    error(
      'InvalidRequestException',
      'RotateSecret',
      'No Lambda rotation function ARN is associated with this secret.',
    ),
  );
  expect(cancel.refusal).toContain('(InvalidRequestException) when calling the CancelRotateSecret');
}

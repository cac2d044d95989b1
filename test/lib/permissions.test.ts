/** Every right of the stack, compared with the list in `docs/permissions.md`: an addition fails until it is reviewed there. */
import { describe, expect, test } from '@jest/globals';
import { expectDocument } from '../document.ts';
import { everything } from './everything.ts';
import { grantsOf } from './permissions.ts';
import { permissionsPage } from './permissions-page.ts';
import { synthesize } from './synthesized.ts';

const { resources } = synthesize(everything);
const grants = grantsOf(resources);

test('docs/permissions.md lists every right there is', () => {
  expectDocument('docs/permissions.md', permissionsPage(grants));
});

describe('no right', () => {
  const allowed = grants.rights.filter(({ effect }) => effect === 'Allow');

  test('has a wildcard inside an action', () => {
    expect(allowed.filter(({ actions }) => actions.some((it) => /\*/.test(it)))).toEqual([]);
  });

  test.each([
    [
      'deletes a secret or replaces its policy',
      /^secretsmanager:(DeleteSecret|PutResourcePolicy)$/,
      // Where the configuration names whom: it denies them, and lets nobody in.
      [['EmergencyFunctionRole', ['secretsmanager:PutResourcePolicy']]],
    ],
    ['changes code of a function', /^lambda:(UpdateFunctionCode|Create|Delete|Add)/, []],
    [
      'touches identities, but to look, and to end sessions of the roles that the configuration names',
      /^(iam|sts):/,
      [
        ['EmergencyFunctionRole', ['iam:SimulatePrincipalPolicy']],
        ['EmergencyFunctionRole', ['iam:DeleteRolePolicy', 'iam:PutRolePolicy']],
        ['AccessAuditFunctionRole', ['iam:ListEntitiesForPolicy']],
        ['EmergencyRole', ['iam:SimulatePrincipalPolicy']],
      ],
    ],
  ] as const)('%s', (_, pattern, expected) => {
    const holders = allowed.filter(({ actions }) => actions.some((action) => pattern.test(action)));
    expect(holders.map(({ holder, actions }) => [holder, actions])).toEqual(expected);
  });

  test('cuts anybody off, or ends sessions, beside those the configuration names', () => {
    const own = allowed.filter(({ holder }) => holder === 'EmergencyFunctionRole');
    expect(own.find(({ sid }) => sid === 'DenySuspects')).toMatchObject({
      actions: ['secretsmanager:PutResourcePolicy'],
      conditions: ['Bool secretsmanager:BlockPublicPolicy = true'],
    });
    const denied = own.find(({ sid }) => sid === 'DenySuspects')?.resources;
    expect(denied).toContainEqual(expect.stringMatching(/Inbox/));
    expect(own.find(({ sid }) => sid === 'LiftDenials')?.resources).toEqual(denied);
    // No user has a session to end.
    expect(own.find(({ sid }) => sid === 'RevokeSessions')?.resources).toEqual([
      'arn:aws:iam::111122223333:role/ci/builder',
    ]);
  });

  test('asks for a rotation in an emergency, but the function of emergencies', () => {
    const asking = allowed.filter(({ conditions }) => /intent\.emergency#/.test(`${conditions}`));
    expect(asking.map(({ holder, actions }) => [holder, actions])).toEqual([
      ['EmergencyFunctionRole', ['dynamodb:PutItem']],
    ]);
  });

  test('starts an emergency without MFA where that is asked for', () => {
    const starting = allowed.filter(
      ({ actions, resources }) =>
        actions.includes('states:StartExecution') &&
        resources.some((arn) => arn.endsWith(':quarterturn-pharmacy-prod-emergency')),
    );
    expect(starting.map(({ holder, conditions }) => [holder, conditions]).sort()).toEqual([
      ['EmergencyDrillRole', []],
      ['EmergencyFunctionRole', []],
      // Of the role MFA is asked where it is assumed: its sessions do not tell of it.
      ['EmergencyRole', [expect.stringMatching(/^ArnEquals aws:PrincipalArn = .*EmergencyRole/)]],
      ['EmergencyRole', ['Bool aws:MultiFactorAuthPresent = true']],
      // What an event starts is the protective part alone: the machine sees to that.
      ['TriggersFunctionRole', []],
    ]);
    expect(grants.trust.EmergencyRole).toEqual([
      'arn:aws:iam::111122223333:user/incident-commander if Bool aws:MultiFactorAuthPresent = true',
    ]);
  });

  test('changes configuration of a function, but that of the consumers the configuration names', () => {
    const changing = allowed.filter(({ actions }) =>
      actions.some((it) => /^lambda:Update/.test(it)),
    );
    const named = everything.consumers.flatMap(({ restart }) =>
      restart?.by === 'lambda' ? [restart.function] : [],
    );
    expect(named.length).toBeGreaterThan(0);
    expect(
      changing.map(({ holder, resources }) => [
        holder,
        resources.map((arn) => arn.split(':function:')[1]),
      ]),
    ).toEqual([['RolloutFunctionRole', named]]);
  });

  test('starts a rotation without the right to invoke its function', () => {
    const functionsOf = (holder: string) => onWhat(holder, 'lambda:InvokeFunction');
    const starting = holdersOf('secretsmanager:RotateSecret');
    expect(starting.length).toBeGreaterThan(2);
    expect(starting.filter((holder) => functionsOf(holder).length === 0)).toEqual([]);
  });

  test('of somebody who starts rotations reads a value', () => {
    const reading = holdersOf('secretsmanager:GetSecretValue');
    const starting = holdersOf('secretsmanager:RotateSecret');
    expect(starting.filter((holder) => reading.includes(holder))).toEqual([]);
  });

  function holdersOf(action: string): string[] {
    const holders = allowed.filter((it) => it.actions.includes(action)).map((it) => it.holder);
    return [...new Set(holders)];
  }

  function onWhat(holder: string, action: string): string[] {
    return allowed
      .filter((it) => it.holder === holder && it.actions.includes(action))
      .flatMap((it) => it.resources);
  }
});

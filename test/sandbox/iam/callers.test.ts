/** Who is asked about: callers of this account, of another one, and those who have not signed. */
import { expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { Iam } from '../../../sandbox/iam/iam.ts';
import type { Caller } from '../../../sandbox/service.ts';
import { account, allow, policy, region } from './world.ts';

const action = 'kms:Decrypt';
const key = `arn:aws:kms:${region}:${account}:key/one`;
const clock = new SandboxClock(new Date('2026-11-23T10:00:00Z'), 'manual');

test('regression: a service with a digit in its name is said as the others are, with the region', () => {
  const iam = new Iam({ account, region, clock });
  const { arn } = iam.putRole(
    'app',
    [
      policy(
        allow(action, key, { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } }),
      ),
    ],
    [],
  );
  const caller = { ...iam.callerOfRole(arn, 'session'), via: 's3.amazonaws.com' };
  expect(iam.allows(caller, { action, resource: key })).toBe(true);
});

test('regression: a role of another account has no rights of the one here that bears its name', () => {
  const iam = new Iam({ account, region, clock });
  iam.putRole('app', [policy(allow(action, key))], []);
  const session = (of: string): Caller => ({
    arn: `arn:aws:sts::${of}:assumed-role/app/session`,
    kind: 'role',
  });
  expect(iam.allows(session(account), { action, resource: key })).toBe(true);
  expect(iam.allows(session('444455556666'), { action, resource: key })).toBe(false);
  const resourcePolicy = policy({
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: '*',
    Condition: { StringNotEquals: { 'aws:PrincipalAccount': account } },
  });
  const denied = () =>
    iam.authorize(session('444455556666'), { action, resource: key, resourcePolicy });
  expect(denied).toThrow('explicit deny in a resource-based policy');
});

test('regression: who has not signed is no user, whatever users there are, and of no account', () => {
  const iam = new Iam({ account, region, clock });
  iam.putUser('anonymous', [policy(allow(action, key))], []);
  const nobody: Caller = { arn: 'anonymous', kind: 'user' };
  const asked = (Principal: '*' | { AWS: string }, Condition = {}) =>
    iam.allows(nobody, {
      action,
      resource: key,
      resourcePolicy: policy({ Effect: 'Allow', Principal, Action: action, Condition }),
    });
  expect(iam.allows(nobody, { action, resource: key })).toBe(false);
  expect(asked({ AWS: `arn:aws:iam::${account}:root` })).toBe(false);
  expect(asked('*')).toBe(true);
  expect(asked('*', { StringEquals: { 'aws:PrincipalAccount': account } })).toBe(false);
});

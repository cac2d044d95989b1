/**
 * The sandbox's IAM asked what another evaluator is asked, with the policies of the product's template: who may do
 * what must not differ. A run in which nearly everything is denied would prove nothing, so the shares are looked at.
 * `REQUEST=n` asks one of them alone.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asList } from '../../../sandbox/iam/wildcard.ts';
import { isFull, recordFigures } from '../../assurance/figures.ts';
import { drawer } from '../../lambdas/reencryption/seeded.ts';
import { grantsOf } from '../../lib/permissions.ts';
import type { Resource } from '../../lib/synthesized.ts';
import { contextAtAws } from './context-at-aws.ts';
import { type Deployed, deployed } from './deployed.ts';
import { type Request, requestFrom } from './requests.ts';
import { type Question, simulated, simulatedOn, type Verdict } from './simulator.ts';

const seed = Number(process.env.SEED ?? 20_261_123);
const runs = isFull ? 20_000 : 1_000;
const only = process.env.REQUEST === undefined ? undefined : Number(process.env.REQUEST);

let world: Deployed;
beforeAll(async () => {
  world = await deployed();
}, 120_000);
afterAll(() => world?.stop());

test('nothing of the template is lost on the way into the sandbox', () => {
  const { rights, trust } = grantsOf(world.template.Resources as Record<string, Resource>);
  const inTemplate = rights.length + Object.values(trust).flat().length;
  // The policy of a log group is CloudWatch Logs' alone, and one identity here is not the template's.
  const notHeld = rights.filter(({ holder }) => holder.startsWith('Logs ')).length;
  const held = [
    // What a person holds, an application holds once more.
    ...world.identities
      .filter((it) => !world.applications.includes(it))
      .flatMap(({ policies }) => policies),
    ...[...world.guarded, ...world.endpoints].map(({ policy }) => policy),
  ].flatMap(({ Statement: it }) => asList(it)).length;
  expect(held - 1).toBe(inTemplate - notHeld);
});

describe('with the policies of the template', () => {
  test('the sandbox and an independent simulator allow and deny the same requests', async () => {
    const counts: Record<Verdict, number> = { allowed: 0, denied: 0, 'not allowed': 0 };
    const differences: string[] = [];
    for (let index = 0; index < runs; index += 1) {
      if (only !== undefined && only !== index) continue;
      const request = requestFrom(world, drawer(seed + index).draw);
      const expected = isBarredFromIam(request)
        ? 'not allowed'
        : await simulated(questionOf(request));
      const found = decided(request);
      counts[expected] += 1;
      if (found !== expected) differences.push(told(index, request, found, expected));
    }
    recordFigures('iam-simulator', seed, {
      requests: runs,
      allowed: counts.allowed,
      deniedExplicitly: counts.denied,
      notAllowed: counts['not allowed'],
      differences: differences.length,
    });
    expect(differences.slice(0, 5)).toEqual([]);
    if (only === undefined) {
      expect(counts.allowed / runs).toBeGreaterThan(0.2);
      expect(counts.denied / runs).toBeGreaterThan(0.02);
      expect(counts['not allowed'] / runs).toBeGreaterThan(0.2);
    }
  }, 400_000);
});

test('what a network endpoint lets through is what the simulator finds in its policy', () => {
  const counts: Record<Verdict, number> = { allowed: 0, denied: 0, 'not allowed': 0 };
  const functions = world.identities.filter(({ caller }) => caller.kind === 'role');
  for (const { policy } of world.endpoints) {
    const [statement] = asList(policy.Statement);
    for (const { caller, arn } of functions) {
      for (const action of [...asList(statement?.Action), 's3:DeleteBucket']) {
        const check = { action, resource: endpointTarget(action, statement?.Resource) };
        const expected = simulatedOn({
          ...{ principal: caller.arn, ...check, account: '000000000000', identityPolicies: [] },
          resourcePolicy: policy,
          context: { 'aws:PrincipalArn': arn },
        });
        counts[expected] += 1;
        const through = () => world.iam.authorizeThrough(policy, caller, check);
        if (expected === 'allowed') through();
        else expect(through).toThrow('VPC endpoint policy');
      }
    }
  }
  expect(counts.allowed).toBeGreaterThan(20);
  expect(counts['not allowed']).toBeGreaterThan(20);
});

/** One that the statement means. */
const endpointTarget = (action: string, resources: string | readonly string[] = []): string => {
  const [first = '*'] = asList(resources);
  return first === '*'
    ? `arn:aws:${action.split(':')[0]}:eu-west-1:000000000000:thing/a`
    : first.replace('*', 'x');
};

function decided({ caller, check }: Request): Verdict {
  try {
    world.iam.authorize(caller, check);
    return 'allowed';
  } catch (error) {
    return /explicit deny/.test((error as Error).message) ? 'denied' : 'not allowed';
  }
}

/** "You cannot call any IAM API operations unless MFA authentication information is included" (API_GetSessionToken). */
const isBarredFromIam = ({ caller, check }: Request): boolean =>
  caller.kind === 'user' &&
  caller.session !== undefined &&
  caller.session.mfaAt === undefined &&
  check.action.startsWith('iam:');

function questionOf(request: Request): Question {
  const { caller, identity, check } = request;
  return {
    principal: caller.arn,
    action: check.action,
    resource: check.resource,
    account: '000000000000',
    identityPolicies: identity?.policies ?? [],
    ...(check.resourcePolicy && { resourcePolicy: check.resourcePolicy }),
    context: contextAtAws(request, world.clock.now()),
  };
}

function told(index: number, request: Request, found: Verdict, expected: Verdict): string {
  const { caller, check } = request;
  return [
    `SEED=${seed} REQUEST=${index}: the sandbox says ${found}, the simulator ${expected}`,
    JSON.stringify(caller),
    JSON.stringify(check),
  ].join('\n');
}

/** The sandbox's evaluator and another one, over policies that nobody wrote. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contextFrom } from '../../../sandbox/iam/context.ts';
import { evaluate, type Principal } from '../../../sandbox/iam/evaluate.ts';
import { assertSupportedPolicy } from '../../../sandbox/iam/validate.ts';
import { isFull, recordFigures } from '../../assurance/figures.ts';
import { type Case, cases, OWN } from './generated-policies.ts';
import { simulatedOn, type Verdict, verdict } from './simulator.ts';

const seed = Number(process.env.SEED ?? 20_261_123);
const numRuns = isFull ? 30_000 : 1_000;

test('generated policies allow and deny the same as to an independent simulator', () => {
  const counts: Record<Verdict, number> = { allowed: 0, denied: 0, 'not allowed': 0 };
  const property = fc.property(cases, (one) => {
    const expected = simulated(one);
    counts[expected] += 1;
    expect(decided(one)).toBe(expected);
  });
  fc.assert(property, {
    ...{ seed, numRuns },
    ...(process.env.REPLAY !== undefined && { path: process.env.REPLAY }),
  });
  recordFigures('iam-simulator-generated', seed, {
    cases: numRuns,
    allowed: counts.allowed,
    deniedExplicitly: counts.denied,
    notAllowed: counts['not allowed'],
    differences: 0,
  });
  expect(counts.allowed / numRuns).toBeGreaterThan(0.15);
  expect(counts.denied / numRuns).toBeGreaterThan(0.1);
  expect(counts['not allowed'] / numRuns).toBeGreaterThan(0.2);
}, 400_000);

function decided({ principal, action, resource, context, ...policies }: Case): Verdict {
  const { identityPolicies, resourcePolicy } = policies;
  for (const policy of identityPolicies) assertSupportedPolicy(policy, 'generated', 'identity');
  if (resourcePolicy) assertSupportedPolicy(resourcePolicy, 'generated', 'resource');
  const check = {
    ...{ action, resource },
    ...(resourcePolicy && { resourcePolicy }),
    ...(action.startsWith('kms:') && { resourcePolicyRequired: true }),
  };
  const isService = !principal.startsWith('arn:');
  // A service has no identity policies to be asked.
  const asked = isService ? [] : identityPolicies;
  return verdict(evaluate(namesOf(principal), check, asked, contextFrom(context)));
}

const simulated = (one: Case): Verdict =>
  simulatedOn({
    ...one,
    account: OWN,
    identityPolicies: one.principal.startsWith('arn:') ? one.identityPolicies : [],
  });

function namesOf(principal: string): Principal {
  if (!principal.startsWith('arn:')) return { account: OWN, arns: [], service: principal };
  const account = principal.split(':')[4] ?? '';
  const role = `arn:aws:iam::${account}:role/App`;
  const arns = principal.includes(':assumed-role/') ? [principal, role] : [principal];
  return { account, arns, isForeign: account !== OWN };
}

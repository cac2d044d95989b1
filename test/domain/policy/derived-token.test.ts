import { expect, test } from '@jest/globals';
import { tokenSchema } from '../../../domain/events/control-records.ts';
import { activateToken, derivedToken, plannedToken } from '../../../domain/policy/derived-token.ts';

const at = (instant: string) => new Date(instant);

test('a derived token has the shape of a UUID and is a valid ClientRequestToken', () => {
  const token = derivedToken('planned', 'pharmacy/prod/jwt');
  expect(token).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(tokenSchema.safeParse(token).success).toBe(true);
});

test('ticks of one UTC hour ask with one token, the next hour with another', () => {
  const first = plannedToken('jwt', 'v1', at('2026-05-17T00:00:00Z'));
  expect(plannedToken('jwt', 'v1', at('2026-05-17T00:59:59Z'))).toBe(first);
  expect(plannedToken('jwt', 'v1', at('2026-05-17T01:00:00Z'))).not.toBe(first);
  expect(plannedToken('jwt', 'v1', at('2026-05-18T00:00:00Z'))).not.toBe(first);
  expect(plannedToken('jwt', 'v2', at('2026-05-17T00:00:00Z'))).not.toBe(first);
  expect(plannedToken('pii', 'v1', at('2026-05-17T00:00:00Z'))).not.toBe(first);
});

test('an activation is named by version and key', () => {
  expect(activateToken('jwt', 'v1', 'k1')).toBe(activateToken('jwt', 'v1', 'k1'));
  expect(activateToken('jwt', 'v1', 'k2')).not.toBe(activateToken('jwt', 'v1', 'k1'));
});

test('parts do not run into each other', () => {
  expect(derivedToken('ab', 'c')).not.toBe(derivedToken('a', 'bc'));
});

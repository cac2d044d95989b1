import { describe, expect, test } from '@jest/globals';
import { mayRollBack, type RollBackFacts } from '../../../domain/policy/roll-back.ts';

const api = { consumer: 'api', state: 'unhealthy', wasHealthy: true, reason: '401' };
const facts: RollBackFacts = {
  intent: 'planned',
  onFailure: 'rollBack',
  maintenance: false,
  unwell: [api],
  restored: { versionId: 'v0', material: 'k0' },
  compromised: new Set(),
  rolledBackBefore: false,
};

describe('a rotation goes back by itself', () => {
  test.each<[string, Partial<RollBackFacts>, string]>([
    ['for a consumer that was well before', {}, 'api'],
    ['when it was the activation of its key', { intent: 'activate' }, 'api'],
    [
      'for the one that was well, whatever else failed beside it',
      {
        unwell: [
          { ...api, consumer: 'ours', state: 'failed' },
          { ...api, consumer: 'ill', wasHealthy: false },
          api,
        ],
      },
      'api',
    ],
    ['whatever other material is compromised', { compromised: new Set(['k1']) }, 'api'],
  ])('%s', (_title, more, consumer) => {
    expect(mayRollBack({ ...facts, ...more })).toEqual({
      ...{ rollBack: true, consumer, reason: '401' },
    });
  });
});

describe('a rotation does not go back by itself', () => {
  test.each<[string, Partial<RollBackFacts>, string]>([
    ['after a rollback', { intent: 'rollback' }, 'this is a rollback'],
    ['after an emergency', { intent: 'emergency' }, 'an emergency is never taken back'],
    ['where the deployment says stop', { onFailure: 'stop' }, 'onFailure'],
    ['in maintenance mode', { maintenance: true }, 'maintenance mode'],
    [
      'when the consumer did not fail',
      { unwell: [{ ...api, state: 'failed' }] },
      'nothing is known',
    ],
    // It is asked first when the new version can be read already: of the time before that nobody has looked.
    [
      'when it was ill before',
      { unwell: [{ ...api, wasHealthy: false }] },
      'was not well before anything was done to it',
    ],
    [
      'when nobody knows how it was',
      { unwell: [{ ...api, wasHealthy: undefined }] },
      'nobody knows',
    ],
    ['twice for one material', { rolledBackBefore: true }, 'once already'],
    ['from a first value', { restored: undefined }, 'nothing to go back to'],
    ['to what is compromised', { compromised: new Set(['k0']) }, '(k0) is compromised'],
  ])('%s', (_title, more, because) => {
    expect(mayRollBack({ ...facts, ...more })).toEqual({
      ...{ rollBack: false, because: expect.stringContaining(because) },
    });
  });
});

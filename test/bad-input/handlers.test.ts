/** Groups 1 to 10 and 22 to 24 at the door of every function that is deployed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { processorMilliseconds } from '../fuzz/target.ts';
import { entries } from './entries.ts';
import { envelopes, type Make, shapeless } from './event-inputs.ts';
import { canaryOf, expectNoTrace, settled } from './row.ts';

const lambdas = join(import.meta.dirname, '../../lambdas');
const handlerOf = (room: string) => readFileSync(join(lambdas, room, 'handler.ts'), 'utf8');

/** What each handler hands its event to; the core's is made of the strategy. */
const behind: Readonly<Record<string, string>> = {
  'access-audit': 'auditAccess',
  'after-rotation': 'runTask',
  database: 'rotationHandler',
  drill: 'drill',
  emergency: 'runTask',
  encryption: 'rotationHandler',
  fingerprints: 'takeFingerprints',
  github: 'receive',
  health: 'look',
  jwt: 'rotationHandler',
  notify: 'notify',
  operator: 'operate',
  reencryption: 'answer',
  rollout: 'run',
  starter: 'startFor',
  sync: 'sync',
  triggers: 'handle',
  'user-managed': 'rotationHandler',
};
/** They read no event: nothing in it can be wrong. */
const unread = ['cadence', 'certificates', 'watch'];

test('every function that is built stands here, and hands its event to what is tried here', () => {
  const built = readdirSync(lambdas).filter(
    (room) => room !== 'rotation' && readdirSync(join(lambdas, room)).includes('handler.ts'),
  );
  expect([...Object.keys(behind), ...unread].sort()).toEqual(built.sort());
  expect(new Set(Object.keys(entries).map((name) => name.split(' ')[0]))).toEqual(
    new Set(Object.keys(behind)),
  );
  for (const [room, name] of Object.entries(behind)) {
    expect(handlerOf(room)).toContain(`${name}(`);
  }
  for (const room of unread) {
    expect(handlerOf(room)).toMatch(/^export async function handler\(\): /m);
  }
});

const hostile: readonly [number, string, Make][] = [
  [8, '__proto__ with fields', (canary) => JSON.parse(`{"__proto__":{"operation":"${canary}"}}`)],
  [
    8,
    'a field __proto__ beside others',
    (canary) => JSON.parse(`{"task":"begin","__proto__":{"execution":"${canary}"}}`),
  ],
  [
    9,
    'constructor as task and operation',
    () => ({ task: 'constructor', operation: 'constructor' }),
  ],
  [9, 'toString as task and operation', () => ({ task: 'toString', operation: 'toString' })],
  [10, 'an operation that is an object', (canary) => ({ operation: { toString: canary } })],
  [10, 'a task that is a list', (canary) => ({ task: ['begin'], execution: [canary] })],
  [
    22,
    'a field nobody sends',
    (canary) => ({ task: 'begin', operation: 'status', password: canary }),
  ],
];
const inputs = [
  ...shapeless,
  ...hostile,
  ...envelopes.map(([title, make]) => [24, title, make] as const),
];

/** Answers that are refusals: somebody waits for a status, or hears of it on the bus. */
const refusals: Readonly<Record<string, object>> = {
  github: { statusCode: 405 },
  triggers: { outcome: 'refused' },
};
/** A drill of escrow that is asked nothing takes its defaults (domain/events/drill.ts), as the console's test button sends. */
const takesNothing = (room: string, title: string) =>
  room === 'drill' && ['null', 'undefined', 'an empty object'].includes(title);

describe.each(Object.keys(entries))('%s', (room) => {
  test.each(inputs)('%i: %s', async (item, title, make) => {
    const canary = canaryOf({ item, title: `${room} ${title}` });
    const sent = await entries[room]?.(make(canary));
    if (sent === undefined) throw new Error('no entry');
    const begun = processorMilliseconds();
    const { answer, error } = await settled(sent.work);
    expect(processorMilliseconds() - begun).toBeLessThan(1_000);
    expectNoTrace(canary, [error, answer, await sent.told()]);
    if (takesNothing(room, title)) {
      expect(sent.calls[0]).toMatch(/^escrow\./);
      return;
    }
    expect(sent.calls).toEqual([]);
    if (refusals[room] !== undefined) {
      expect(answer).toMatchObject(refusals[room]);
      return;
    }
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_ROTATION_(?!UNEXPECTED)/) });
    const { message } = error as Error;
    expect(message.length).toBeGreaterThan(40);
    expect(message).not.toContain('\n');
  });
});

/** A rehearsal of a first rotation: everything it would meet, and nothing it would leave behind. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Rehearsal, rehearsalSchema } from '../../../domain/events/operator-requests.ts';
import { readKeyset } from '../../../domain/secrets/secret-value.ts';
import { JwtStrategy, type JwtValue } from '../../../lambdas/jwt/jwt-strategy.ts';
import { inspectKeyset } from '../../../lambdas/rotation/inspect-keyset.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { functionArn, RotationWorld } from '../../in-process/rotation-world.ts';

const settings = {
  field: 'JWT_SECRET',
  bits: 512,
  encoding: 'base64',
  acceptForSeconds: 60,
} as const;
const plain = randomBytes(64).toString('base64');

let world: RotationWorld<JwtValue>;
afterEach(() => world?.stop());

async function start(initial: string, armed: 'true' | 'false' = 'false') {
  world = await RotationWorld.start<JwtValue>({
    initial,
    armed,
    control: inMemoryControlTable(),
    room: () => ({
      strategy: new JwtStrategy(settings),
      companions: {},
      inspect: async (value, text) => inspectKeyset(value, text, settings),
    }),
  });
}

/** Asks, and makes sure that nothing was changed and no value was told. */
async function rehearse(): Promise<Rehearsal> {
  const before = await world.secrets.describe(world.secretArn);
  const value = await world.secrets.getCurrentValue(world.secretArn);
  const answer = rehearsalSchema.parse(await world.handler({ operation: 'rehearse' }));
  expect(await world.secrets.describe(world.secretArn)).toEqual(before);
  expect(await world.secrets.getCurrentValue(world.secretArn)).toBe(value);
  const told = JSON.stringify([answer, world.log]);
  for (const secret of [plain, value ?? plain]) {
    expect(told).not.toContain(secret);
  }
  return answer;
}
const blocking = ({ findings }: Rehearsal) =>
  findings.filter(({ level }) => level === 'blocks').map(({ code }) => code);

describe('a rehearsal says', () => {
  test('what a plain value is, and that its first rotation makes a document of it', async () => {
    await start(plain);
    const answer = await rehearse();
    expect(answer).toMatchObject({
      secretArn: world.secretArn,
      functionArn,
      value: 'text',
      facts: { shape: 'plain', field: 'JWT_SECRET', fieldPresent: false, bits: 512 },
      bytes: 88,
      labels: 1,
      findings: [{ code: 'VALUE_BECOMES_JSON', level: 'warns' }],
    });
    expect(answer.nextBytes).toBeGreaterThan(answer.bytes ?? 0);
  });

  test('that a document with the field keeps its shape: nothing to mind', async () => {
    await start(JSON.stringify({ JWT_SECRET: plain, other: 'kept' }));
    expect(await rehearse()).toMatchObject({ facts: { fieldPresent: true }, findings: [] });
  });

  test('which kids a keyset has, the primary first', async () => {
    await start(JSON.stringify({ JWT_SECRET: plain }), 'true');
    await world.rotate();
    const keyset = readKeyset((await world.text()) ?? '', 'JWT_SECRET');
    const primary = keyset.keys.find(({ state }) => state === 'primary')?.kid;
    const { facts, findings } = await rehearse();
    expect(facts?.shape).toBe('keyset');
    expect(facts?.kids?.[0]).toBe(primary);
    // Its AfterRotation has not run here: a second planned rotation would be refused, and that is told.
    expect(findings.map(({ code }) => code)).toContain('ERR_ROTATION_KEY_AWAITS_ACTIVATION');
  });
});

describe('a rehearsal finds', () => {
  test.each<[string, string, string]>([
    ['a key of another size', randomBytes(32).toString('base64'), 'ERR_ROTATION_'],
    ['a key in another encoding', randomBytes(64).toString('hex'), 'ERR_ROTATION_'],
    ['a document without the field', '{"SECRET":"x"}', 'ERR_ROTATION_'],
    ['a document that is none', '{"JWT_SECRET":', 'ERR_ROTATION_'],
    ['a new secret without a value', '{"quarterturn":"uninitialised"}', 'VALUE_UNINITIALISED'],
  ])('%s', async (_what, initial, code) => {
    await start(initial);
    const answer = await rehearse();
    expect(blocking(answer)).toHaveLength(1);
    expect(blocking(answer)[0]).toContain(code);
  });

  test('labels of others that leave no room for ours', async () => {
    await start(plain);
    const { versionIdsToStages } = await world.secrets.describe(world.secretArn);
    const [to] = Object.keys(versionIdsToStages);
    for (let label = 1; label <= 5; label++) {
      expect(blocking(await rehearse())).toEqual([]);
      await world.secrets.moveLabel({
        secretId: world.secretArn,
        label: `theirs-${label}`,
        to: to ?? '',
      });
    }
    expect(blocking(await rehearse())).toEqual(['LABELS_EXHAUSTED']);
  });

  test('a lease of another rotation', async () => {
    await start(plain);
    const token = '00000000-0000-4000-8000-0000000000ff';
    await world.control.putLease(world.secretName, {
      token,
      owner: 'on-call',
      at: '2026-01-05T03:00:00.000Z',
      expiresAt: '2026-01-05T09:00:00.000Z',
    });
    expect(blocking(await rehearse())).toContain('ERR_ROTATION_LEASED');
  });
});

test('is an operation of its own: anything beside its name is refused', async () => {
  await start(plain);
  expect(
    await failureOf(world.handler({ operation: 'rehearse', intent: 'emergency' })),
  ).toMatchObject({ code: 'ERR_ROTATION_INVALID_EVENT' });
});

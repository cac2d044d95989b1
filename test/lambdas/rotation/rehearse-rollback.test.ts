/** A rehearsal of a rollback: every refusal of the rollback itself, before anything is changed. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type RollbackRehearsal,
  rollbackRehearsalSchema,
} from '../../../domain/events/rollback-rehearsal.ts';
import { readKeyset } from '../../../domain/secrets/secret-value.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { JwtStrategy } from '../../../lambdas/jwt/jwt-strategy.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

const settings = {
  field: 'JWT_SECRET',
  bits: 512,
  encoding: 'base64',
  acceptForSeconds: 30 * 86_400,
} as const;
const day = 86_400_000;

// Any strategy: the tests look through the door of the function.
// biome-ignore lint/suspicious/noExplicitAny: the world of two kinds of secrets
let world: RotationWorld<any>;
afterEach(() => world?.stop());

async function startJwt() {
  world = await RotationWorld.start({
    control: inMemoryControlTable(),
    room: () => ({ strategy: new JwtStrategy(settings), companions: {} }),
  });
  await world.rotate();
  await world.finishAfterRotation();
}

/** One day later: a planned rotation and its activation. @returns the version that is AWSCURRENT then */
async function generation(): Promise<string> {
  await world.clock.advanceTo(new Date(world.clock.now().getTime() + day));
  await world.rotate();
  return world.activate();
}

/** Asks, and makes sure that nothing was changed and no value was told. */
async function rehearse(versionId?: string): Promise<RollbackRehearsal> {
  const before = await world.secrets.describe(world.secretArn);
  const values = await Promise.all(
    Object.keys(before.versionIdsToStages).map((id) => world.secrets.getValue(world.secretArn, id)),
  );
  const answer = rollbackRehearsalSchema.parse(
    await world.handler({
      operation: 'rehearse',
      rollback: versionId === undefined ? {} : { versionId },
    }),
  );
  expect(await world.secrets.describe(world.secretArn)).toEqual(before);
  const told = JSON.stringify([answer, world.log]);
  for (const secret of values.flatMap((value) => keysIn(value ?? ''))) {
    expect(told).not.toContain(secret);
  }
  return answer;
}
/** Keys and passwords of a value. */
const keysIn = (value: string) =>
  [...value.matchAll(/"(?:k|JWT_SECRET|password)":"([^"]+)"/g)].map(([, key = '']) => key);
const blocking = ({ findings }: RollbackRehearsal) =>
  findings.filter(({ level }) => level === 'blocks').map(({ code }) => code);

const kids = async (label = 'AWSCURRENT') => {
  const { keys } = readKeyset((await world.text(label)) ?? '', 'JWT_SECRET');
  const kid = (state: string) => keys.find((key) => key.state === state)?.kid;
  return { primary: kid('primary'), published: kid('published'), before: kid('verifyOnly') };
};

describe('of a keyset', () => {
  test('the key before becomes primary again: what the rollback then does', async () => {
    await startJwt();
    const version = await generation();
    const { primary, before } = await kids();
    const { AWSPREVIOUS = '' } = await world.labels();
    const answer = await rehearse();
    expect(answer).toMatchObject({
      current: { versionId: version, primary },
      restore: { versionId: AWSPREVIOUS, primary: before },
      next: { primary: before },
      findings: [],
    });
    await world.rotate({ intent: 'rollback' });
    expect((await kids()).primary).toBe(before);
  });

  test('a key that is only published is withdrawn, and the primary stays', async () => {
    await startJwt();
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + day));
    await world.rotate();
    const { primary, published } = await kids();
    expect(published).toBeDefined();
    expect(await rehearse()).toMatchObject({
      current: { primary, published },
      next: { primary, withdrawn: published },
      findings: [],
    });
  });

  test('with a rotation in progress: it would be pre-empted, and is no refusal', async () => {
    await startJwt();
    await generation();
    const token = world.nextToken();
    await world.secrets.moveLabel({
      secretId: world.secretArn,
      label: 'AWSPENDING',
      to: (await world.labels()).AWSPREVIOUS ?? token,
    });
    const answer = await rehearse();
    expect(answer.inProgress).toBe((await world.labels()).AWSPREVIOUS);
    expect(blocking(answer)).toEqual([]);
  });

  test('compromised: refused, and the nearest that is not is named', async () => {
    await startJwt();
    const [first, second] = [await world.labels().then((it) => it.AWSCURRENT), await generation()];
    await generation();
    const { before = '' } = await kids();
    await world.control.putCompromised(world.secretName, {
      material: before,
      at: world.clock.now().toISOString(),
      recordedBy: 'test',
    });
    const answer = await rehearse(second);
    expect(blocking(answer)).toEqual(['ERR_ROTATION_COMPROMISED_MATERIAL']);
    expect(answer).not.toHaveProperty('next');
    const { versionIdsToStages } = await world.secrets.describe(world.secretArn);
    // The date of the first generation stands on the last version that had it as its primary.
    expect(versionIdsToStages[answer.nearest ?? '']).toEqual([
      expect.stringMatching(/^rotated-20260105/),
    ]);
    expect([first, second]).not.toContain(answer.nearest);
    expect(blocking(await rehearse(answer.nearest))).toEqual([]);
  });

  test('nothing to go back to: no version, none with a value, the one that is in use', async () => {
    await startJwt();
    const { AWSCURRENT = '' } = await world.labels();
    const found = [await rehearse('0'.repeat(32)), await rehearse(AWSCURRENT)];
    expect(found.map(blocking)).toEqual([
      ['ERR_ROTATION_NOTHING_TO_RESTORE'],
      [expect.stringMatching(/^ERR_/)],
    ]);
    expect(found[0]).not.toHaveProperty('nearest');
    expect(found[1]?.current).toEqual({
      versionId: AWSCURRENT,
      primary: (await kids()).primary,
    });
  });

  test('a lease of another rotation refuses', async () => {
    await startJwt();
    await generation();
    const now = world.clock.now();
    await world.control.putLease(world.secretName, {
      token: world.nextToken(),
      owner: 'emergency-7',
      at: now.toISOString(),
      expiresAt: new Date(now.getTime() + 3_600_000).toISOString(),
    });
    expect(blocking(await rehearse())).toEqual(['ERR_ROTATION_LEASED']);
  });
});

describe('of a database login', () => {
  const roles = ['app_a', 'app_b'] as const;
  const value = (username: string) =>
    JSON.stringify({
      engine: 'postgres',
      host: 'db.example.com',
      port: 5432,
      dbname: 'pharmacy',
      username,
      password: randomBytes(24).toString('base64url'),
    });

  async function startDatabase(scheme: 'multiUser' | 'singleUser', usernames: readonly string[]) {
    const dialled = async () => {
      throw new Error('a rehearsal of a rollback dials no database');
    };
    world = await RotationWorld.start({
      control: inMemoryControlTable(),
      room: () => ({
        strategy: new DatabaseStrategy({
          door: { withSession: dialled } as never,
          ca: '',
          sleep: dialled,
          settings: {
            SCHEME: scheme,
            HOST: 'db.example.com',
            PORT: 5432,
            DBNAME: 'pharmacy',
            MAINTENANCE_DATABASE: 'postgres',
            ROLES: scheme === 'multiUser' ? [...roles] : ['app_a'],
            ...(scheme === 'multiUser' && { IDENTITY: 'app' }),
            ADMIN_SECRET_ARN: 'arn:admin',
            DATABASE_URL: 'false',
          } as never,
        }),
        companions: {},
      }),
    });
    const ids: string[] = [];
    for (const [index, username] of usernames.entries()) {
      const token = world.nextToken();
      ids.push(token);
      await world.secrets.putPending({
        secretId: world.secretArn,
        token,
        secretString: value(username),
      });
      const { AWSCURRENT } = await world.labels();
      const secretId = world.secretArn;
      await world.secrets.moveLabel({
        secretId,
        label: `rotated-2026010${index + 1}T030000Z`,
        to: token,
      });
      await world.secrets.moveLabel({ secretId, label: 'AWSPENDING', from: token });
      await world.secrets.moveLabel({
        secretId,
        label: 'AWSCURRENT',
        to: token,
        ...(AWSCURRENT && { from: AWSCURRENT }),
      });
    }
    return ids;
  }

  test('two roles: that of AWSCURRENT is refused, and the nearest version that works is named', async () => {
    const [older = '', previous = ''] = await startDatabase('multiUser', [
      'app_a',
      'app_b',
      'app_a',
    ]);
    expect(await rehearse()).toMatchObject({
      restore: { versionId: previous, primary: expect.stringMatching(/^app_b:/) },
      next: { primary: expect.stringMatching(/^app_b:/) },
      findings: [],
    });
    const refused = await rehearse(older);
    expect(blocking(refused)).toEqual(['ERR_ROTATION_RESTORE_REFUSED']);
    expect(refused.nearest).toBe(previous);
  });

  test('one role: the password before is set again; that in use already is refused', async () => {
    const [before = '', current = ''] = await startDatabase('singleUser', ['app_a', 'app_a']);
    expect(blocking(await rehearse())).toEqual([]);
    const refused = await rehearse(current);
    expect(blocking(refused)).toEqual(['ERR_ROTATION_NOTHING_TO_RESTORE']);
    expect(refused.nearest).toBe(before);
  });
});

test('anything beside the version is refused', async () => {
  await startJwt();
  const request = { operation: 'rehearse', rollback: { label: 'AWSPREVIOUS' } };
  expect(await failureOf(world.handler(request))).toMatchObject({
    code: 'ERR_ROTATION_INVALID_EVENT',
  });
});

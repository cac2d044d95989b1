/** What AfterRotation finds to do, by the secret, the rotation and the deployment: begin says it, the machine does it. */
import { describe, expect, test } from '@jest/globals';
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type { AfterRotationRecord, Intent } from '../../../domain/events/control-records.ts';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import type { Progress } from '../../../lambdas/after-rotation/progress.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { refreshing, restarted, rolloutOf } from './rollout-world.ts';
import { at, begun, input, rows, run } from './task-world.ts';
import { database, jwt, kid, name, v0, v1, world } from './world.ts';

const token = activateToken(name, v1, kid);
const login = database as Extract<RotatedManifestSecret, { kind: 'database' }>;
const scalar = { ...jwt, readers: 'scalar' as const };

describe('what a rotation is followed by', () => {
  const consumers = [restarted('api'), refreshing('web')];
  const rollout = { consumers, rollout: rolloutOf(consumers) };
  const redeploys = { ...rollout, rollout: { ...rollout.rollout, redeploy: true } };
  const emergency = '20260517t170000z-0123456789abcdef';
  const used = { primary: 'new', replaced: 'old' };
  const published = { primary: 'old', publishedKid: kid };
  type Row = [
    string,
    RotatedManifestSecret,
    Intent,
    Partial<AfterRotationRecord>,
    Partial<Manifest>,
    Partial<Progress>,
  ];
  const nothing = {
    activate: false,
    retire: false,
    behindProxy: false,
    proveOld: false,
    proveFirst: false,
    sync: false,
    rollout: false,
    confirm: false,
    awaits: false,
    redeploy: false,
    reencrypt: false,
    maintenance: false,
  };
  test.each<Row>([
    ['a key that is used at once', jwt, 'planned', used, {}, {}],
    ['a published key: its activation', jwt, 'planned', published, {}, { activate: true }],
    ['a login: a try of the one before', database, 'planned', used, {}, { proveOld: true }],
    ['a first login: no try', database, 'planned', { ...used, basedOn: null }, {}, {}],
    ['a first login in the place of a marker: no try', database, 'planned', {}, {}, {}],
    [
      'an emergency of two roles: the leaked one is closed, and tried first',
      database,
      'emergency',
      used,
      {},
      { retire: true, proveOld: true, proveFirst: true },
    ],
    [
      'one that is proven dead already: no second try',
      database,
      'emergency',
      { ...used, proof: { at, evidence: [{ fact: 'oldCredentialRefused' }] } },
      {},
      { retire: true },
    ],
    [
      'one that was looked at and not proven dead: another try',
      database,
      'emergency',
      { ...used, proof: { at, evidence: [{ fact: 'oldCredentialNotProvenDead' }] } },
      {},
      { retire: true, proveOld: true, proveFirst: true },
    ],
    [
      'an emergency of one role: nothing to close',
      { ...login, scheme: 'singleUser' as const },
      'emergency',
      used,
      {},
      { proveOld: true, proveFirst: true },
    ],
    [
      'a login through RDS Proxy: a look through it',
      { ...login, connection: 'rdsProxy' as const },
      'planned',
      used,
      {},
      { behindProxy: true, proveOld: true },
    ],
    [
      'a login through PgBouncer: none',
      { ...login, connection: 'pgbouncer' as const },
      'planned',
      used,
      {},
      { proveOld: true },
    ],
    [
      'copies of this secret',
      jwt,
      'planned',
      used,
      {
        sync: {
          function: 'sync',
          targets: [
            { secret: 'another', target: 'ssm /b' },
            { secret: 'secret', target: 'ssm /a' },
          ],
        },
      },
      { sync: true },
    ],
    [
      'copies of another one',
      jwt,
      'planned',
      used,
      { sync: { function: 'sync', targets: [{ secret: 'another', target: 'ssm /b' }] } },
      {},
    ],
    [
      'consumers, some of whom can be asked',
      jwt,
      'planned',
      used,
      rollout,
      { rollout: true, confirm: true },
    ],
    [
      'consumers of whom nobody can be asked',
      scalar,
      'planned',
      used,
      { ...rollout, consumers: consumers.slice(0, 1).map(({ health: _, ...one }) => one) },
      { rollout: true },
    ],
    [
      'a consumer that is only asked',
      scalar,
      'planned',
      used,
      { ...rollout, consumers: consumers.slice(1) },
      { rollout: true, confirm: true },
    ],
    ['consumers that nothing here moves', jwt, 'planned', used, { consumers }, {}],
    [
      'consumers of another secret',
      jwt,
      'planned',
      used,
      { ...rollout, consumers: consumers.map((one) => ({ ...one, reads: ['other'] })) },
      {},
    ],
    ['a first value: nobody runs yet', jwt, 'planned', {}, rollout, {}],
    [
      'a first value that publishes a key: they hold it',
      jwt,
      'planned',
      { publishedKid: kid },
      rollout,
      { activate: true, rollout: true, confirm: true },
    ],
    [
      'a rollback where a release goes back, too',
      jwt,
      'rollback',
      used,
      redeploys,
      { rollout: true, confirm: true, redeploy: true },
    ],
    [
      'a planned rotation there: no release goes back',
      jwt,
      'planned',
      used,
      redeploys,
      { rollout: true, confirm: true },
    ],
    [
      'a rollback where none does',
      jwt,
      'rollback',
      used,
      rollout,
      { rollout: true, confirm: true },
    ],
    [
      'a rollback there that nobody reads',
      jwt,
      'rollback',
      used,
      { ...redeploys, consumers: [] },
      {},
    ],
    [
      'an emergency that starts consumers itself',
      jwt,
      'emergency',
      { ...used, owner: `emergency#${emergency}` },
      rollout,
      { proveFirst: true, rollout: true, confirm: true, awaits: true, emergency },
    ],
    [
      'one without consumers: nothing to wait for',
      jwt,
      'emergency',
      { ...used, owner: `emergency#${emergency}` },
      {},
      { proveFirst: true, emergency },
    ],
    [
      'an emergency by hand',
      jwt,
      'emergency',
      used,
      rollout,
      { proveFirst: true, rollout: true, confirm: true },
    ],
    [
      'rows, under a key that is used',
      rows('online'),
      'planned',
      used,
      rollout,
      { reencrypt: true, rollout: true, confirm: true },
    ],
    [
      'rows, under a published key',
      rows('online'),
      'planned',
      published,
      {},
      { activate: true, reencrypt: true },
    ],
    ['rows of a first value: none is under another key', rows('online'), 'planned', {}, {}, {}],
    [
      'rows that move with consumers stopped, before the key is used',
      rows('maintenance'),
      'planned',
      published,
      rollout,
      { activate: true, reencrypt: true, maintenance: true, rollout: true, confirm: true },
    ],
    [
      'rows that moved: the maintenance is over',
      rows('maintenance'),
      'planned',
      used,
      rollout,
      { reencrypt: true, rollout: true, confirm: true },
    ],
    [
      'an emergency of them: consumers stay stopped',
      rows('maintenance'),
      'emergency',
      used,
      rollout,
      { reencrypt: true, proveFirst: true },
    ],
    [
      'an emergency of rows that move meanwhile: they do not',
      rows('online'),
      'emergency',
      used,
      rollout,
      { reencrypt: true, proveFirst: true, rollout: true, confirm: true },
    ],
  ])('%s', async (_title, secret, intent, record, more, expected) => {
    const { progress } = await begun(secret, intent, record, more);
    expect(progress).toMatchObject({ outcome: 'begun', ...nothing, ...expected });
    expect(progress.activation).toBe(record.publishedKid === undefined ? null : token);
  });

  test('consumers of an activation whose execution died stand under the version that published its key', async () => {
    const { progress } = await begun(jwt, 'activate', { ...used, basedOn: v0 });
    expect(progress.rolledOutAs).toBe(v0);
    const first = await begun(jwt, 'activate', { ...used, basedOn: null });
    expect(first.progress.rolledOutAs).toBe(v1);
    const planned = await begun(jwt, 'planned', { ...used, basedOn: v0 });
    expect(planned.progress.rolledOutAs).toBe(v1);
  });

  test('a secret of another account, or of this one by a partial ARN, is not ours', async () => {
    const around = world(jwt);
    await around.rotated(v1, 'planned');
    for (const secretArn of [
      arnOf(name).replace(':000000000000:', ':111111111111:'),
      arnOf('pharmacy/prod/db'),
      name,
    ]) {
      await expect(run(around, 'begin', { ...input, secretArn })).rejects.toMatchObject({
        code: 'ERR_ROTATION_FOREIGN_SECRET',
      });
    }
    expect((await around.controlTable.getAfterRotation(name, v1))?.state).toBe('due');
  });
});

/** The room with its own doors, at stand-ins of Parameter Store, GitHub and a webhook. */
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { uninitialisedMarker } from '../../../domain/config/names.ts';
import { gitHubSecrets } from '../../../doors/github-secrets.ts';
import { parameterCopies } from '../../../doors/parameter-copies.ts';
import { webhook } from '../../../doors/webhook.ts';
import type { SyncDoors } from '../../../lambdas/sync/doors.ts';
import type { SyncTarget, SyncTargetOf } from '../../../lambdas/sync/environment.ts';
import { sync } from '../../../lambdas/sync/sync.ts';
import { recordedLog, settableClock } from '../../doors/recorded.ts';
import { type GitHubStandIn, startGitHub } from '../../github-stand-in.ts';
import { allParameters, keyUse, startParameterStore } from '../../sandbox/ssm/parameter-store.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const canary = 'canary-77aa';
const secretName = 'pharmacy/prod/jwt';
const secretArn = `arn:aws:secretsmanager:eu-west-1:000000000000:secret:${secretName}-AbCdEf`;
const execution = 'arn:aws:states:eu-west-1:000000000000:execution:after-rotation:one';
const [first, second] = ['1', '2'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);
const document = (key: string) =>
  JSON.stringify({ JWT_SECRET: key, keyset: { version: 1, kept: [key] } });

let store: Awaited<ReturnType<typeof startParameterStore>>;
let client: SSMClient;
let gitHub: GitHubStandIn;
let receiver: Receiver;
beforeAll(async () => {
  [store, gitHub, receiver] = await Promise.all([
    startParameterStore(),
    startGitHub(),
    startReceiver(),
  ]);
  client = new SSMClient({ ...store.client, maxAttempts: 1 });
});
afterAll(async () => {
  client?.destroy();
  await Promise.all([store?.stop(), gitHub?.stop(), receiver?.stop()]);
});

let values: Map<string, string>;
let current: { versionId: string; secretString: string } | undefined;
let log: ReturnType<typeof recordedLog>;
let doors: SyncDoors;
let count = 0;
/** Everything that left the function. */
let told: unknown[];
beforeEach(() => {
  current = { versionId: first as string, secretString: document(canary) };
  values = new Map([
    ['pharmacy/prod/gitHubToken', `${gitHub.token}\n`],
    ['pharmacy/prod/webhookKey', receiver.signingSecret],
  ]);
  log = recordedLog();
  told = [];
  Object.assign(gitHub, { asked: [], next: [], shows: true });
  gitHub.secrets.clear();
  Object.assign(receiver, { received: [], next: [], proves: 'no' });
  count++;
  // As lib/sync.ts grants it.
  const arns = (names: string[]) => names.map((name) => store.ssm.arnOf(`/app/${count}/${name}`));
  store.may(
    { ...allParameters, Action: ['ssm:GetParameter', 'ssm:PutParameter'] },
    keyUse(['kms:Decrypt', 'kms:Encrypt'], arns(['jwt', 'other'])),
    keyUse(['kms:Decrypt', 'kms:GenerateDataKey'], arns(['keyset', 'big'])),
  );
  doors = {
    secretsManager: {
      getCurrent: async () => current,
      getCurrentValue: async (name) => values.get(name),
    },
    parameters: parameterCopies(client),
    gitHub: gitHubSecrets({ ca: gitHub.ca, privateAddresses: 'allowed' }),
    webhook: webhook({ ca: receiver.ca, privateAddresses: 'allowed' }),
    clock: settableClock('2026-05-17T17:00:00Z'),
    log,
  };
});
afterEach(() => {
  const said = JSON.stringify([log.lines, told], (_key, value) =>
    value instanceof Error ? [value.message, value.stack, Object.entries(value)] : value,
  );
  expect(said).not.toContain(canary);
  expect(said).not.toContain(gitHub.token);
  expect(said).not.toContain(receiver.signingSecret.slice(6));
});

const parameter = (more: Partial<SyncTargetOf<'ssm'>> = {}): SyncTargetOf<'ssm'> => {
  const name = `/app/${count}/${more.target ?? 'jwt'}`;
  return {
    to: 'ssm',
    target: `ssm ${name}`,
    secret: secretName,
    parameter: name,
    kmsKeyArn: store.keyArn,
    tier: 'Standard',
    ...more,
  };
};
const actions = (more: Partial<SyncTargetOf<'github'>> = {}): SyncTargetOf<'github'> => ({
  to: 'github',
  target: 'github pharmacy/api JWT_SECRET',
  secret: secretName,
  field: 'JWT_SECRET',
  repository: 'pharmacy/api',
  name: 'JWT_SECRET',
  api: gitHub.api,
  token: 'pharmacy/prod/gitHubToken',
  ...more,
});
const hook = (more: Partial<SyncTargetOf<'webhook'>> = {}): SyncTargetOf<'webhook'> => ({
  to: 'webhook',
  target: 'webhook localhost',
  secret: secretName,
  url: receiver.url,
  signingSecret: 'pharmacy/prod/webhookKey',
  ...more,
});

const run = async (targets: readonly SyncTarget[], progress: object = {}) => {
  const event = {
    task: 'sync',
    execution,
    progress: { secretArn, secretName, versionId: first, ...progress },
  };
  const answer = await sync(doors, { targets, deployment: 'pharmacy/prod' }, event);
  told.push(answer);
  return answer;
};
const refusal = async (work: Promise<unknown>): Promise<Error & { code?: string }> => {
  const error = await work.then(
    () => Promise.reject(new Error('it was not refused')),
    (reason) => reason,
  );
  told.push(error);
  return error;
};
const inStore = async ({ parameter: name }: { parameter: string }) =>
  (await parameterCopies(client).read(name))?.value;
const inGitHub = (name = 'JWT_SECRET') =>
  gitHub.secrets.get(`pharmacy/api/actions/secrets/${name}`)?.value;

test('a value goes to every place in the form that was asked for, and what can be read is read back', async () => {
  receiver.proves = 'yes';
  const [whole, keyset] = [
    parameter(),
    parameter({ target: 'keyset', field: 'keyset', tier: 'Advanced' }),
  ];
  const { evidence } = await run([whole, actions(), hook({ field: 'JWT_SECRET' }), keyset]);
  expect(await inStore(whole)).toBe(document(canary));
  expect(await inStore(keyset)).toBe(`{"version":1,"kept":["${canary}"]}`);
  expect(inGitHub()).toBe(canary);
  expect(receiver.received).toEqual([
    {
      id: expect.stringMatching(/^sync_[0-9a-f]{32}$/),
      body: {
        type: 'quarterturn.sync',
        timestamp: '2026-05-17T17:00:00.000Z',
        data: {
          deployment: 'pharmacy/prod',
          secret: secretName,
          field: 'JWT_SECRET',
          versionId: first,
          value: canary,
        },
      },
    },
  ]);
  const copied = (target: string, detail: object) => ({
    fact: 'copied',
    detail: { target, ...detail },
  });
  expect(evidence).toEqual([
    copied(whole.target, { wrote: true, readBack: 'equal', version: 1 }),
    copied('github pharmacy/api JWT_SECRET', {
      wrote: true,
      outcome: 'created',
      readBack: 'updatedAt',
      updatedAt: expect.stringMatching(/^2026-05-17T/),
    }),
    copied('webhook localhost', { wrote: true, readBack: 'fingerprint', status: 200 }),
    copied('keyset', { wrote: true, readBack: 'equal', version: 1 }),
  ]);
  expect(log.lines.map(({ level, event }) => `${level} ${event}`)).toEqual(
    Array(4).fill('info copied'),
  );
});

test('run twice, a parameter is not written again, GitHub is, and a webhook knows the repetition', async () => {
  const targets = [parameter(), actions(), hook()];
  await run(targets);
  const { evidence } = await run(targets);
  expect(evidence.map(({ detail }) => detail?.wrote)).toEqual([false, true, true]);
  expect(evidence[0]?.detail).toMatchObject({ readBack: 'equal', version: 1 });
  expect(evidence[1]?.detail).toMatchObject({ outcome: 'updated' });
  expect(evidence[2]?.detail).toMatchObject({ readBack: 'none' });
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1);
});

test('a secret without a target is not even read', async () => {
  doors.secretsManager.getCurrent = () => Promise.reject(new Error('it was read'));
  expect(await run([parameter({ secret: 'pharmacy/prod/other' })])).toEqual({ evidence: [] });
});

describe('only AWSCURRENT of the version that was asked for is copied', () => {
  test.each([
    ['a later version', () => ({ versionId: second as string, secretString: document(canary) })],
    ['no version', () => undefined],
    [
      'a secret without a value',
      () => ({ versionId: first as string, secretString: ` ${uninitialisedMarker}` }),
    ],
  ])('%s is current: nothing is written', async (_what, found) => {
    current = found();
    const targets = [parameter(), actions(), hook()] as const;
    const error = await refusal(run(targets));
    expect(error).toMatchObject({ name: 'SupersededError', code: 'ERR_ROTATION_SUPERSEDED' });
    expect(await inStore(targets[0])).toBeUndefined();
    expect([gitHub.asked, receiver.received]).toEqual([[], []]);
  });

  test('a rotation that ends while copies are written has its value in every place, not the one before', async () => {
    const target = parameter();
    const put = doors.parameters.put;
    doors.parameters = {
      ...doors.parameters,
      put: async (copy) => {
        const answer = await put(copy);
        current = { versionId: second as string, secretString: document(`${canary}-2`) };
        return answer;
      },
    };
    const error = await refusal(run([target, actions()]));
    expect(error).toMatchObject({
      name: 'SupersededError',
      message: expect.stringContaining('again'),
    });
    expect(await inStore(target)).toBe(document(`${canary}-2`));
    expect(inGitHub()).toBe(`${canary}-2`);
  });

  test('a secret of another account, and an input of another shape, are refused', async () => {
    const foreign = secretArn.replace('000000000000', '111111111111');
    expect(await refusal(run([parameter()], { secretArn: foreign }))).toMatchObject({
      code: 'ERR_ROTATION_FOREIGN_SECRET',
    });
    expect(await refusal(run([parameter()], { versionId: canary }))).toMatchObject({
      code: 'ERR_ROTATION_INVALID_TASK',
      message: expect.stringContaining('progress.versionId'),
    });
  });
});

describe('what fails in one place', () => {
  test('does not keep the others from it, and is told by target, status and what to do', async () => {
    gitHub.next = [{ method: 'PUT', status: 502 }];
    const [one, other] = [parameter(), parameter({ target: 'other' })];
    const error = await refusal(run([one, actions(), hook(), other]));
    expect(error).toMatchObject({ name: 'SyncTargetError', code: 'ERR_ROTATION_SYNC_TARGET' });
    expect(error.message).toMatch(
      /^1 of 4 copies of pharmacy\/prod\/jwt failed: github pharmacy\/api JWT_SECRET \(ERR_ROTATION_GITHUB 502\)\. .*tried again/,
    );
    expect([await inStore(one), await inStore(other)]).toEqual(Array(2).fill(document(canary)));
    expect(receiver.received).toHaveLength(1);
    expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { event: 'not copied', fields: { target: 'github pharmacy/api JWT_SECRET' } },
    ]);
    await run([one, actions(), hook(), other]);
    expect(inGitHub()).toBe(canary);
  });

  test('is not asked for again when no repetition mends it', async () => {
    gitHub.token = 'github_pat_another0one';
    values.set('pharmacy/prod/gitHubToken', 'github_pat_11EXPIRED');
    const error = await refusal(run([parameter(), actions()]));
    expect(error).toMatchObject({
      name: 'SyncRefusedError',
      message: expect.stringMatching(/401.*another one.*Then resume\.$/),
    });
  });

  test('is asked for again when a repetition mends one of two', async () => {
    receiver.next = [503];
    values.delete('pharmacy/prod/gitHubToken');
    const error = await refusal(run([actions(), hook()]));
    expect(error).toMatchObject({
      name: 'SyncTargetError',
      message: expect.stringMatching(
        /2 of 2.*ERR_ROTATION_SYNC_CREDENTIAL.*ERR_ROTATION_SYNC_WEBHOOK 503/,
      ),
    });
  });

  test('a value that is too large for one place is not sent there, and has nothing written before that is known', async () => {
    const large = canary.repeat(400);
    current = { versionId: first as string, secretString: document(large) };
    const [small, big] = [
      parameter(),
      parameter({ target: 'big', tier: 'Advanced', field: 'JWT_SECRET' }),
    ];
    const error = await refusal(run([small, big]));
    const bytes = Buffer.byteLength(document(large));
    expect(error).toMatchObject({
      name: 'SyncRefusedError',
      message: expect.stringContaining(`has ${bytes} bytes, the target takes 4096`),
    });
    expect([await inStore(small), await inStore(big)]).toEqual([undefined, large]);
  });

  test('a member that is not there is named beside those that are', async () => {
    const error = await refusal(run([actions({ field: 'JWT_KEY' })]));
    expect(error).toMatchObject({
      name: 'SyncRefusedError',
      message: expect.stringMatching(/no member "JWT_KEY" but JWT_SECRET, keyset;/),
    });
    current = { versionId: first as string, secretString: canary };
    expect((await refusal(run([actions()]))).message).toContain('no JSON object');
    current = {
      versionId: first as string,
      secretString: JSON.stringify({ [`${canary} 1`]: 1, fine: 2 }),
    };
    expect((await refusal(run([actions()]))).message).toContain('but fine;');
    expect(gitHub.asked).toEqual([]);
  });

  test('a secret of GitHub that did not change is not taken for a copy', async () => {
    await run([actions()]);
    gitHub.shows = false;
    const error = await refusal(run([actions()]));
    expect(error).toMatchObject({
      name: 'SyncTargetError',
      message: expect.stringContaining('updated_at is still 2026'),
    });
  });

  test('a webhook with another value is not taken for one with ours', async () => {
    receiver.proves = 'wrong';
    expect(await refusal(run([hook()]))).toMatchObject({
      name: 'SyncTargetError',
      message: expect.stringContaining('fingerprint'),
    });
  });

  test('a parameter that holds another value afterwards is not taken for a copy', async () => {
    const target = parameter();
    const { parameters } = doors;
    doors.parameters = {
      ...parameters,
      put: async (copy) => {
        const answer = await parameters.put(copy);
        await parameters.put({ ...copy, value: 'of somebody else' });
        return answer;
      },
    };
    expect(await refusal(run([target]))).toMatchObject({
      name: 'SyncTargetError',
      message: expect.stringContaining('version 2 holds another value, 1 was written'),
    });
  });

  test('a plain String in the place of a parameter stays as it is', async () => {
    const target = parameter();
    await client.send(
      new PutParameterCommand({ Name: target.parameter, Type: 'String', Value: 'x' }),
    );
    expect(await refusal(run([target]))).toMatchObject({
      name: 'SyncRefusedError',
      message: expect.stringContaining('ERR_ROTATION_PARAMETER_COPY'),
    });
  });

  test('rights that are not there yet are waited for', async () => {
    store.may(allParameters);
    expect(await refusal(run([parameter()]))).toMatchObject({
      name: 'SyncTargetError',
      message: expect.stringContaining('AccessDeniedException'),
    });
  });

  test('a signing key or a token that is something else is not sent anywhere', async () => {
    values.set('pharmacy/prod/webhookKey', 'short');
    values.set('pharmacy/prod/gitHubToken', `{"token":"${gitHub.token}"}`);
    const error = await refusal(run([hook(), actions()]));
    expect(error.name).toBe('SyncRefusedError');
    expect([gitHub.asked, receiver.received]).toEqual([[], []]);
  });

  test('an error that is not ours is told by its class', async () => {
    doors.parameters.read = () => Promise.reject(new TypeError(canary));
    expect((await refusal(run([parameter()]))).message).toContain('TypeError was thrown');
  });

  test('places that do not answer leave the others for the next attempt, in time', async () => {
    const clock = settableClock('2026-05-17T17:00:00Z');
    doors.clock = clock;
    doors.webhook = {
      deliver: async () => {
        clock.set('2026-05-17T17:00:51Z');
        return { status: 504, body: '' };
      },
    };
    const error = await refusal(run([hook(), hook({ target: 'webhook other' })]));
    expect(error.message).toContain('webhook other (ERR_ROTATION_SYNC_NO_TIME)');
  });
});

/** The room through the core: the real handler and doors, the sandbox's Secrets Manager, a vendor on this machine. */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { httpProbe } from '../../../doors/http-probe.ts';
import { UserManagedStrategy } from '../../../lambdas/user-managed/user-managed-strategy.ts';
import { fingerprint, type UserManagedValue } from '../../../lambdas/user-managed/value.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { inProcess } from '../../in-process/request-handler.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';
import { probeOf, startVendor, type Vendor } from './vendor.ts';

const marker = '{"quarterturn":"uninitialised"}';
const [first, second, third] = [
  'sk-ant-first-0001',
  'sk-ant-second-0002',
  'sk-ant-third-0003',
] as const;
/** Everything that must not be seen anywhere but in a secret. */
const values = [first, second, third];

let vendor: Vendor;
let world: RotationWorld<UserManagedValue>;

/** The real one takes 80 ms, on purpose. */
const quickly = (credential: string) =>
  `value:${createHash('sha256').update(credential).digest('hex').slice(0, 16)}`;

interface Begin {
  field?: string;
  initial?: string;
  timeoutSeconds?: number;
  slowly?: true;
}

async function begin(options: Begin = {}) {
  const { field, initial, timeoutSeconds = 5 } = options;
  const door = httpProbe({ ca: vendor.ca, privateAddresses: 'allowed' });
  world = await RotationWorld.start<UserManagedValue>({
    secretName: 'pharmacy/test/anthropic',
    control: inMemoryControlTable(),
    ...(initial !== undefined && { initial }),
    companions: { inbox: marker },
    room: ({ companions }) => ({
      strategy: new UserManagedStrategy({
        field,
        probe: {
          settings: { ...probeOf(vendor), timeoutSeconds },
          door,
          sleep: async () => undefined,
        },
        fingerprint: options.slowly ? fingerprint('pharmacy/test/anthropic') : quickly,
      }),
      companions: { inbox: companions.inbox ?? '' },
    }),
  });
}

const ownerOf = ({ service }: RotationWorld<UserManagedValue>) =>
  new SecretsManagerClient(inProcess(service) as object);

/** What an owner does. @returns the version of the inbox */
async function put(secretString: string): Promise<string> {
  const token = world.nextToken();
  await ownerOf(world).send(
    new PutSecretValueCommand({
      SecretId: world.companionArns.inbox,
      SecretString: secretString,
      ClientRequestToken: token,
    }),
  );
  return token;
}

const failureOf = async (token: string) =>
  (world.log.findLast(({ event, fields }) => event === 'failed' && fields.code !== undefined)
    ?.fields ?? (await world.control.getRotation(world.secretName, token))?.failure) as {
    code: string;
    reason: string;
  };

/** The rotation came to nothing, and nothing of it is left. */
async function expectNothingLeft(before: Record<string, string>) {
  expect(await world.labels()).toEqual(before);
}

beforeAll(async () => {
  vendor = await startVendor();
});
afterAll(async () => {
  await vendor.stop();
});
beforeEach(() => {
  vendor.accepted = new Set([first, second, third]);
  vendor.received = [];
  vendor.next = [];
});
afterEach(() => {
  // Whatever happened: in no log line, no answer, no record, no URL.
  const seen = inspect([world.log, world.answers, vendor.received.map(({ url }) => url)], {
    depth: 20,
  });
  for (const value of values) expect(seen).not.toContain(value);
  world.stop();
});

describe('what an owner put into the inbox', () => {
  test('becomes the value, tested before it is used; the value before stays under AWSPREVIOUS', async () => {
    await begin({ slowly: true });
    const inbox = await put(first);
    const version = await world.rotate();
    expect(await world.text()).toBe(first);
    await world.finishAfterRotation();
    await put(second);
    const next = await world.rotate();
    expect(await world.labels()).toMatchObject({ AWSCURRENT: next, AWSPREVIOUS: version });
    expect([await world.text(), await world.text('AWSPREVIOUS')]).toEqual([second, first]);
    const record = await world.control.getRotation(world.secretName, version);
    expect(record?.evidence).toEqual([
      { fact: 'inboxRead', detail: { versionId: inbox } },
      { fact: 'valueAccepted', detail: { host: new URL(vendor.url).host, status: 200 } },
    ]);
    const after = await world.control.getAfterRotation(world.secretName, next);
    expect(after?.primary).toMatch(/^value:[0-9a-f]{16}$/);
    expect(after?.publishedKid).toBeUndefined();
    expect(JSON.stringify([record, after])).not.toContain(first);
  });

  test('is waited for where a read does not show it yet, for to put it starts the rotation', async () => {
    await begin();
    const inbox = world.companionArns.inbox ?? '';
    const shownLate = async (value: string, reads: number) => {
      await put(value);
      world.service.staleReads(inbox, reads);
      const token = await world.rotate();
      await world.finishAfterRotation();
      return token;
    };
    await shownLate(first, 3);
    expect(await world.text()).toBe(first);
    const leaked = { material: quickly(first), at: '2026-01-05T03:00:00Z', recordedBy: 'test' };
    await world.control.putCompromised(world.secretName, leaked);
    await shownLate(second, 1);
    expect(await world.text()).toBe(second);
    const token = await shownLate(third, 4);
    expect(await failureOf(token)).toMatchObject({ code: 'ERR_ROTATION_INBOX_UNCHANGED' });
    expect(await world.text()).toBe(second);
  });

  test('is sent to the vendor in its header and nowhere else', async () => {
    await begin();
    await put(first);
    await world.rotate();
    expect(vendor.received.length).toBeGreaterThanOrEqual(2);
    for (const { method, url, headers, body } of vendor.received) {
      const { 'x-api-key': key, ...others } = headers;
      expect([method, url, key, headers['anthropic-version'], body]).toEqual([
        'GET',
        '/v1/models',
        first,
        '2023-06-01',
        '',
      ]);
      expect(JSON.stringify(others)).not.toContain(first);
    }
  });

  test('may be a document, of which one member is tested and every member is kept', async () => {
    await begin({ field: 'ANTHROPIC_API_KEY' });
    const document = `{ "ANTHROPIC_API_KEY": "${first}", "ORG": "pharmacy" }`;
    await put(document);
    await world.rotate();
    expect(await world.text()).toBe(document);
    expect(vendor.received[0]?.headers['x-api-key']).toBe(first);
  });

  test('takes the place of what its owners wrote before there was an inbox, whatever that was', async () => {
    await begin({ field: 'ANTHROPIC_API_KEY', initial: 'not even a document\n' });
    await put(`{"ANTHROPIC_API_KEY":"${first}"}`);
    const version = await world.rotate();
    expect(await world.labels()).toMatchObject({ AWSCURRENT: version });
  });
});

describe('refused, with nothing left behind', () => {
  test.each<[string, string | undefined, string, RegExp]>([
    ['an empty inbox', undefined, 'ERR_ROTATION_INBOX_EMPTY', /expected the next one/],
    ['the value that is in use', first, 'ERR_ROTATION_INBOX_UNCHANGED', /in use already/],
    ['a line break', `${second}\n`, 'ERR_ROTATION_INBOX_VALUE', /white space/],
    [
      'a document where a text belongs',
      `{"key":"${second}"}`,
      'ERR_ROTATION_INBOX_VALUE',
      /Plaintext/,
    ],
    ['a few characters', 'abc', 'ERR_ROTATION_INBOX_VALUE', /3 characters/],
    ['more than a header takes', 'k'.repeat(4_097), 'ERR_ROTATION_INBOX_VALUE', /4097 characters/],
    ['a second header', `${second}\r\nx: y`, 'ERR_ROTATION_INBOX_VALUE', /no HTTP header/],
    ['letters no header takes', `${second}ü`, 'ERR_ROTATION_INBOX_VALUE', /printable ASCII/],
    [
      'a key the vendor does not know',
      'sk-ant-unknown',
      'ERR_ROTATION_PROBE_REFUSED',
      /refused the value with 401/,
    ],
  ])('%s', async (_what, secretString, code, words) => {
    await begin();
    if (secretString !== undefined) {
      await put(first);
      await world.rotate();
      await world.finishAfterRotation();
      await put(secretString);
    }
    const before = await world.labels();
    const token = await world.rotate();
    await expectNothingLeft(before);
    const failure = await failureOf(token);
    expect(failure).toMatchObject({ code });
    expect(failure.reason).toMatch(words);
  });

  test.each<[string, (number | 'silent')[], string, RegExp]>([
    [
      'redirects, which are not followed',
      [302],
      'ERR_ROTATION_PROBE_UNEXPECTED',
      /Redirects are not followed/,
    ],
    ['does not know the address', [404], 'ERR_ROTATION_PROBE_UNEXPECTED', /Correct url/],
    ['is busy three times', [503, 429, 529], 'ERR_ROTATION_PROBE_UNEXPECTED', /529.*busy or down/],
    [
      'says nothing three times',
      ['silent', 'silent', 'silent'],
      'ERR_ROTATION_PROBE_UNREACHABLE',
      /TIMEOUT/,
    ],
  ])('a vendor that %s', async (_what, next, code, words) => {
    await begin({ timeoutSeconds: next[0] === 'silent' ? 0.05 : 5 });
    await put(first);
    vendor.next = [...next];
    const before = await world.labels();
    const token = await world.rotate();
    await expectNothingLeft(before);
    // How far a request comes within the moment it has, nobody knows.
    if (!next.includes('silent')) {
      expect(vendor.received.map(({ url }) => url)).toEqual(next.map(() => '/v1/models'));
    }
    const failure = await failureOf(token);
    expect(failure.code).toBe(code);
    expect(failure.reason).toMatch(words);
  });

  test('a vendor whose certificate nobody vouches for', async () => {
    const other = await startVendor();
    const { ca } = vendor;
    try {
      vendor.ca = other.ca;
      await begin();
    } finally {
      vendor.ca = ca;
      await other.stop();
    }
    await put(first);
    const token = await world.rotate();
    await expectNothingLeft(await world.labels());
    expect((await failureOf(token)).reason).toMatch(
      /\((SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|CERT_SIGNATURE_FAILURE)\)/,
    );
    expect(vendor.received).toEqual([]);
  });

  test('bytes instead of a text', async () => {
    await begin();
    await ownerOf(world).send(
      new PutSecretValueCommand({
        SecretId: world.companionArns.inbox,
        SecretBinary: Buffer.from(first),
        ClientRequestToken: world.nextToken(),
      }),
    );
    const before = await world.labels();
    const token = await world.rotate();
    await expectNothingLeft(before);
    expect(await failureOf(token)).toMatchObject({ code: 'ERR_ROTATION_BINARY_SECRET' });
  });

  test('a document without the member, or with it twice', async () => {
    await begin({ field: 'KEY' });
    for (const document of [
      first,
      `{"OTHER":"${first}"}`,
      `{"KEY":"${first}","KEY":"${second}"}`,
    ]) {
      await put(document);
      const token = await world.rotate();
      expect(await failureOf(token)).toMatchObject({ code: 'ERR_ROTATION_INBOX_VALUE' });
      expect((await world.labels()).AWSPENDING).toBeUndefined();
    }
    expect(vendor.received).toEqual([]);
  });
});

describe('a vendor that is busy once', () => {
  test('is asked again within the step', async () => {
    await begin();
    await put(first);
    vendor.next = [503];
    await world.rotate();
    expect(await world.text()).toBe(first);
  });

  test('while the stored value is tested: Secrets Manager repeats the rotation, with the same value', async () => {
    await begin();
    await put(first);
    // createSecret asks once; testSecret meets a vendor that is down.
    const { accepted } = vendor;
    vendor.next = [200, 503, 503, 503];
    const version = await world.rotate();
    expect(accepted.has(first)).toBe(true);
    expect(await world.labels()).toMatchObject({ AWSCURRENT: version });
  });
});

describe('going back, and away from what leaked', () => {
  async function twice() {
    await begin();
    await put(first);
    const before = await world.rotate();
    await world.finishAfterRotation();
    await put(second);
    await world.rotate();
    await world.finishAfterRotation();
    return before;
  }

  test('a rollback takes the earlier value up again, with its age, once the vendor still accepts it', async () => {
    const before = await twice();
    const dateOf = async () =>
      (await world.secrets.describe(world.secretArn)).versionIdsToStages[before]?.find((label) =>
        label.startsWith('rotated-'),
      );
    const date = await dateOf();
    const back = await world.rotate({ intent: 'rollback' });
    expect(await world.text()).toBe(first);
    const { versionIdsToStages } = await world.secrets.describe(world.secretArn);
    expect(versionIdsToStages[back]).toContain(date);
  });

  test('a rollback to a value that was revoked at the vendor is refused', async () => {
    await twice();
    vendor.accepted.delete(first);
    const before = await world.labels();
    const token = await world.rotate({ intent: 'rollback' });
    await expectNothingLeft(before);
    expect(await failureOf(token)).toMatchObject({ code: 'ERR_ROTATION_PROBE_REFUSED' });
  });

  test('an emergency takes the next value from the inbox; the leaked one never comes back', async () => {
    await twice();
    const current = (await world.labels()).AWSCURRENT ?? '';
    const leaked = (await world.control.getAfterRotation(world.secretName, current))?.primary ?? '';
    const at = world.clock.now().toISOString();
    await world.control.putCompromised(world.secretName, {
      material: leaked,
      at,
      recordedBy: 'test',
    });
    await put(third);
    await world.rotate({ intent: 'emergency' });
    expect(await world.text()).toBe(third);
    await world.finishAfterRotation();
    // Somebody pastes the leaked one again.
    await put(second);
    vendor.received = [];
    const before = await world.labels();
    const token = await world.rotate();
    await expectNothingLeft(before);
    expect(await failureOf(token)).toMatchObject({ code: 'ERR_ROTATION_COMPROMISED_MATERIAL' });
    expect(vendor.received).toEqual([]);
  });
});

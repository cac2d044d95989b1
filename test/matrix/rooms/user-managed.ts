/** The room of values that people make at a vendor's. */
import { createHash } from 'node:crypto';
import { type HttpProbeDoor, ProbeUnreachableError } from '../../../doors/http-probe.ts';
import { UserManagedStrategy } from '../../../lambdas/user-managed/user-managed-strategy.ts';
import { tester } from '../../in-process/request-handler.ts';
import { probeOf } from '../../lambdas/user-managed/vendor.ts';
import { companionArn, functionOf, type Room, recordCompromised, secretName } from '../room.ts';
import type { Stand } from '../stand.ts';
import { noServer } from './server.ts';

const host = 'vendor.example.com';
const made = new Map<string, number>();
function keyNumber(number: number): string {
  const key = `sk-vendor-${createHash('sha256').update(`key ${number}`).digest('hex')}`;
  made.set(key, number);
  return key;
}
const numberOf = (key: string) => made.get(key);

/** Accepts what was made at its place, and nothing else. */
const vendor: HttpProbeDoor = {
  send: async ({ headers }) => (numberOf(headers['x-api-key'] ?? '') === undefined ? 401 : 200),
};

/** Owners put another value, which nobody has used before. */
async function put(stand: Stand): Promise<void> {
  const token = stand.nextToken();
  await stand.secrets.operations.PutSecretValue?.run(
    {
      SecretId: companionArn(stand, 'inbox'),
      SecretString: keyNumber(Number(token.slice(-4))),
      ClientRequestToken: token,
    },
    tester,
  );
}

const isOut = (stand: Stand, key: string): boolean =>
  stand.items.items.has(`compromised#${secretName}\nvalue:${numberOf(key)}`);

/** Where the value in the inbox cannot be the next one: it is in use or was, or has leaked. */
async function putWhereNeeded(stand: Stand): Promise<void> {
  const inbox = await stand.door.getCurrent(companionArn(stand, 'inbox'));
  const key = inbox?.secretString ?? '';
  const { AWSCURRENT: current, AWSPREVIOUS: previous } = stand.labels();
  const used = [stand.text(current), stand.text(previous)];
  if (numberOf(key) === undefined || used.includes(key) || isOut(stand, key)) {
    await put(stand);
  }
}

async function rotated(stand: Stand): Promise<void> {
  await put(stand);
  await stand.begin({ intent: 'planned' });
  await stand.settle();
  await stand.followUp();
}

export const userManagedRoom: Room = {
  name: 'user-managed',
  scenarios: ['firstValue', 'planned', 'rollback', 'emergency'],
  manifest: {
    ...{ kind: 'userManaged', key: 'secret', name: secretName, purpose: 'a vendor', armed: true },
    inbox: { name: `${secretName}-inbox` },
    ...{ function: 'fn-secret', origin: 'new', readerCacheSeconds: 300 },
  },
  rule: { AutomaticallyAfterDays: 1000 },
  companions: { inbox: '{"quarterturn":"uninitialised"}' },
  escrow: false,
  server: noServer,
  handler: functionOf(({ stand }) => ({
    strategy: new UserManagedStrategy({
      probe: {
        settings: probeOf({ url: `https://${host}/v1/models` }),
        door: stand.calls.around(
          'vendor',
          vendor,
          (_, kind) => new ProbeUnreachableError(host, `${kind} (injected)`),
        ),
        sleep: async () => undefined,
      },
      fingerprint: (credential) => `value:${numberOf(credential)}`,
    }),
    companions: { inbox: companionArn(stand, 'inbox') },
  })),
  async prepare(stand, scenario) {
    if (scenario !== 'firstValue') {
      await rotated(stand);
      await rotated(stand);
    }
    if (scenario === 'emergency') {
      await recordCompromised(stand);
    }
    if (scenario !== 'rollback') {
      await put(stand);
    }
  },
  beforeAsking: putWhereNeeded,
  watch: () => () => undefined,
  async atTheEnd(stand) {
    const key = stand.current() ?? '';
    if (numberOf(key) === undefined) {
      return 'the vendor refuses AWSCURRENT';
    }
    return isOut(stand, key) ? 'AWSCURRENT is compromised' : undefined;
  },
};

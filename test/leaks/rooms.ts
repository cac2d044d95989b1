/** A room of each kind of secret, watched, and how a rotation of each intent is brought about in it. */
import { createHash } from 'node:crypto';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { IntentRecord } from '../../domain/events/control-records.ts';
import { ProbeUnreachableError } from '../../doors/http-probe.ts';
import { EncryptionStrategy } from '../../lambdas/encryption/encryption-strategy.ts';
import { JwtStrategy } from '../../lambdas/jwt/jwt-strategy.ts';
import { inspectKeyset } from '../../lambdas/rotation/inspect-keyset.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { UserManagedStrategy } from '../../lambdas/user-managed/user-managed-strategy.ts';
import { inMemoryEscrow } from '../doors/in-memory-escrow.ts';
import { inProcess } from '../in-process/request-handler.ts';
import { probeOf } from '../lambdas/user-managed/vendor.ts';
import { WatchedRoom } from './watched-room.ts';

export type Scenario = 'first value' | 'adopted' | IntentRecord['intent'];

export interface LeakRoom {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  /** Up to where the scenario's rotation begins. */
  start(scenario: Scenario): Promise<WatchedRoom>;
}

export const run = async ({ world }: WatchedRoom, scenario: Scenario): Promise<void> => {
  if (scenario === 'activate') {
    await world.activate();
  } else {
    const intent = scenario === 'first value' || scenario === 'adopted' ? 'planned' : scenario;
    await world.rotate({ intent });
  }
};

/** Looks random, and is the same in every run. */
export const canary = (name: string, bytes = 32): Buffer =>
  createHash('shake256', { outputLength: bytes }).update(`a canary: ${name}`).digest();

/** Of a plain value, before there was a keyset. */
const adopted = {
  jwt: JSON.stringify({ JWT_SECRET: canary('adopted jwt', 64).toString('base64') }),
  encryption: JSON.stringify({ ENCRYPTION_KEY: canary('adopted field key').toString('base64') }),
};

const keysets = {
  jwt: {
    settings: { field: 'JWT_SECRET', bits: 512, encoding: 'base64', acceptForSeconds: 2_592_000 },
    strategy: (settings) => new JwtStrategy(settings as never),
  },
  encryption: {
    settings: { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' },
    strategy: (settings) => new EncryptionStrategy(settings as never),
  },
} satisfies Record<string, { settings: object; strategy: (settings: object) => unknown }>;

/** @param initial SecretString that stands there before; absent: the marker of a new secret */
export function startKeyset(kind: 'jwt' | 'encryption', initial?: string): Promise<WatchedRoom> {
  const { settings, strategy } = keysets[kind];
  return WatchedRoom.start({
    ...(initial !== undefined && { initial }),
    ...(kind === 'encryption' && { escrow: inMemoryEscrow() }),
    room: () => ({
      strategy: strategy(settings) as RotationStrategy<unknown>,
      companions: {},
      inspect: async (value, text) => inspectKeyset(value as never, text, settings as never),
    }),
  });
}

const keysetRoom = (kind: 'jwt' | 'encryption'): LeakRoom => ({
  name: kind,
  scenarios: ['first value', 'adopted', 'planned', 'activate', 'rollback', 'emergency'],
  async start(scenario) {
    const room = await startKeyset(kind, scenario === 'adopted' ? adopted[kind] : undefined);
    const { world } = room;
    if (scenario === 'first value' || scenario === 'adopted') return room;
    await world.rotate();
    await world.finishAfterRotation();
    if (scenario === 'planned') return room;
    await world.rotate();
    if (scenario === 'rollback') await world.activate();
    return room;
  },
});

/** What owners put, one after the other. */
const vendorKeys = [0, 1, 2].map(
  (index) => `vk_${canary(`vendor ${index}`).toString('base64url')}`,
);

export const userManagedRoom: LeakRoom = {
  name: 'user-managed',
  scenarios: ['first value', 'planned', 'rollback', 'emergency'],
  async start(scenario) {
    const room = await WatchedRoom.start({
      companions: { inbox: '{"quarterturn":"uninitialised"}' },
      room: ({ companions, faults }) => ({
        companions: { inbox: companions.inbox ?? '' },
        strategy: new UserManagedStrategy({
          probe: {
            settings: probeOf({ url: 'https://vendor.example.com/v1/models' }),
            sleep: async () => undefined,
            door: faults.around(
              'vendor',
              {
                send: async ({ headers }: { headers: Record<string, string> }) =>
                  vendorKeys.includes(headers['x-api-key'] ?? '') ? 200 : 401,
              },
              (_, what) => new ProbeUnreachableError('vendor.example.com', what),
            ),
          },
          fingerprint: (credential) => `value:${vendorKeys.indexOf(credential)}`,
        }) as RotationStrategy<unknown>,
      }),
    });
    const { world } = room;
    const put = async (secretString = '') => {
      room.keep(`put ${secretString}`, secretString);
      await new SecretsManagerClient(inProcess(world.service) as object).send(
        new PutSecretValueCommand({
          SecretId: world.companionArns.inbox,
          SecretString: secretString,
          ClientRequestToken: world.nextToken(),
        }),
      );
    };
    await put(vendorKeys[0]);
    if (scenario === 'first value') return room;
    await world.rotate();
    await world.finishAfterRotation();
    await put(vendorKeys[1]);
    if (scenario === 'planned') return room;
    await world.rotate();
    await world.finishAfterRotation();
    if (scenario === 'emergency') await put(vendorKeys[2]);
    return room;
  },
};

export const rooms: readonly LeakRoom[] = [
  keysetRoom('jwt'),
  keysetRoom('encryption'),
  userManagedRoom,
];

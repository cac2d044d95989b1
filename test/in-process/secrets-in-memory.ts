/**
 * The sandbox's Secrets Manager, put together from its own parts so that what is stored can be kept and put back:
 * every write of a secret makes a new state and leaves the old one as it was (`sandbox/secrets-manager/secret.ts`).
 * Values stand as they are: what KMS would do to them is not looked at here.
 */
import type { SandboxClock } from '../../sandbox/clock.ts';
import type { EventsPort, KmsPort, LambdaPort } from '../../sandbox/ports.ts';
import type { Backend, Behaviour } from '../../sandbox/secrets-manager/backend.ts';
import { allOperations } from '../../sandbox/secrets-manager/operations/all.ts';
import { Rotations } from '../../sandbox/secrets-manager/rotation.ts';
import { NativeSchedule } from '../../sandbox/secrets-manager/schedule.ts';
import { rotateOnSchedule } from '../../sandbox/secrets-manager/scheduled-rotation.ts';
import type { Secret, SecretState } from '../../sandbox/secrets-manager/secret.ts';
import { ServiceEvents } from '../../sandbox/secrets-manager/service-events.ts';
import { SecretStore } from '../../sandbox/secrets-manager/store.ts';
import { SecretValues } from '../../sandbox/secrets-manager/values.ts';
import type { Operation } from '../../sandbox/service.ts';

export const account = '000000000000';
export const region = 'eu-west-1';

export interface KeptSecret {
  readonly name: string;
  readonly created: Date;
  readonly state: SecretState;
}

export interface SecretsInMemory {
  operations: Readonly<Record<string, Operation>>;
  rotations: Rotations;
  store: SecretStore;
  secret(name: string): Secret;
  keep(): KeptSecret[];
}

const asItIs: KmsPort = {
  encryptFor: (_caller, _key, plaintext) => plaintext,
  decryptFor: (_caller, _key, ciphertext) => ciphertext,
};

export function secretsInMemory(
  ports: { clock: SandboxClock; lambda: LambdaPort; events: EventsPort },
  kept: readonly KeptSecret[] = [],
): SecretsInMemory {
  const all = { account, region, iam: { authorize: () => undefined }, kms: asItIs, ...ports };
  const store = new SecretStore(account, region);
  const serviceEvents = new ServiceEvents(all);
  const behaviour: Behaviour = { pendingEndState: 'serviceStrips', testVersion: 'copyOfCurrent' };
  const schedule = new NativeSchedule(ports.clock, (secret, window) =>
    rotateOnSchedule(backend, secret, window),
  );
  const rotations = new Rotations({ ...all, store, serviceEvents, behaviour, schedule });
  const backend: Backend = {
    ...all,
    store,
    serviceEvents,
    behaviour,
    schedule,
    rotations,
    values: new SecretValues(asItIs, region),
    takeStaleListing: () => false,
  };
  for (const { name, created, state } of kept) {
    store
      .add(name, created, 'aBcDeF')
      .write(state.lastChanged, (draft) => void Object.assign(draft, state));
  }
  const secret = (name: string): Secret => {
    const found = store.named(name);
    if (found === undefined) {
      throw new Error(`no secret ${name}`);
    }
    return found;
  };
  const keep = () => store.all().map(({ name, created, state }) => ({ name, created, state }));
  return { operations: allOperations(backend), rotations, store, secret, keep };
}

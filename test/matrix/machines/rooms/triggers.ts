import type { CredentialTriggerEvent } from '../../../../domain/events/triggers.ts';
import { exposed, onBus, triggersWorld } from '../../../lambdas/triggers/world.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

/** The rule that comes every hour. */
const hourly = exposed(
  [],
  {},
  { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} },
);

type Around = ReturnType<typeof triggersWorld>;

async function world(
  event: object,
  prepare: (around: Around) => Promise<unknown> = async () => undefined,
): Promise<FunctionWorld> {
  const around = triggersWorld();
  await prepare(around);
  const { secrets, started, clock, bus, log } = around;
  const rotated = () => secrets.rotations.map(({ secretId }) => secretId);
  const told = () => bus.events;
  /** Secrets Manager runs the steps of what was asked for. */
  const promote = () => {
    for (const { secretId, clientRequestToken: token } of secrets.rotations) {
      const of = secretId.slice(secretId.indexOf('secret:') + 7, -7);
      const isPending = secrets.stages.get(of)?.[token]?.includes('AWSPENDING') === true;
      if (isPending) secrets.promote(of, token, ['rotated-20260302T100000Z']);
    }
  };
  return {
    invoke: (at) => around.handle(event, (doors) => faultyDoors(at, doors)),
    between: () => clock.set(new Date(clock.now().getTime() + 61_000).toISOString()),
    outcome: async () => {
      // What could not be asked for waits for the next hours.
      for (let hour = 1; hour <= 2; hour++) {
        promote();
        clock.set(new Date(clock.now().getTime() + 3_600_000).toISOString());
        await around.handle(hourly);
      }
      const asked = rotated().map((arn) => arn.slice(arn.indexOf('prod/') + 5, -7));
      const left = bus.events.flatMap(({ detail }) =>
        (detail as unknown as CredentialTriggerEvent).trigger === 'deployment'
          ? (detail as unknown as CredentialTriggerEvent).secrets
              .filter(({ state }) => state === 'failed' || state === 'refused')
              .map(({ key }) => key)
          : [],
      );
      return [
        started.map(({ input: { secrets: keys, unattended } }) => [keys, unattended]),
        // Of a deployment, what was not asked for is left to the people who are told of it.
        [...new Set([...asked, ...left])].sort(),
        await around.records.getWaiting(),
        told().length > 0,
      ];
    },
    said: () => bus.events.map(({ detail }) => detail),
    // One emergency, and one rotation of each secret; a minute apart they would be two.
    once: () => [...started.flatMap(({ input }) => input.secrets), ...rotated()],
    told: () => [log.lines, bus.events, started],
  };
}

const events = {
  exposure: exposed(['jwt', 'db'], { reason: 'in a gist' }),
  offboarding: onBus('credential-offboarding', { person: 'ada' }),
  refused: onBus('credential-offboarding', { person: 'eve' }),
  deployment: onBus('credential-deployment', { secrets: ['jwt'] }),
  rows: onBus('credential-deployment', { secrets: ['pii'] }),
};

/** Somebody is at it already. */
const id = '20260302t095500z-9f2c41aa07be63d1';
const claimed = async ({ emergencies }: Around) => {
  await emergencies.updateEmergency(id, () => ({
    ...{ id, exposed: ['jwt'], others: [], reason: 'leak', suspects: [], keepRunning: false },
    ...{ drill: false, unattended: false, requestedBy: 'ada', state: 'running' },
    execution: 'arn:aws:states:eu-west-1:000000000000:execution:emergency:one',
    startedAt: '2026-03-02T09:55:00.000Z',
    consumers: { stop: [], restart: [], alone: [] },
  }));
  const at = '2026-03-02T09:55:00.000Z';
  await emergencies.replaceClaims([], [{ id, secrets: ['jwt'], unattended: false, at }]);
};
/** Taken over, and asked for what would be lost. */
const adopted = async (around: Around) => {
  Object.assign(around.secret('jwt') ?? {}, { origin: 'adopted' });
};

export const triggers: readonly FunctionCase[] = [
  ...(['exposure', 'offboarding', 'refused', 'deployment'] as const).map((name) => ({
    name,
    start: () => world(events[name]),
  })),
  { name: 'exposure of what an emergency has', start: () => world(events.exposure, claimed) },
  { name: 'deployment of what was adopted', start: () => world(events.deployment, adopted) },
  { name: 'deployment of what has rows', start: () => world(events.rows) },
];

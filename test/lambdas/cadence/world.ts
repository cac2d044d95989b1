/** A deployment of one product in memory, whose rotations succeed: hours go by, and each hour is a tick. */
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import { currentVersion, formatDateLabel } from '../../../domain/policy/labels.ts';
import type { CadenceDoors } from '../../../lambdas/cadence/doors.ts';
import { type TickSummary, tick } from '../../../lambdas/cadence/tick.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { functionArnOf, inMemorySecrets } from '../../doors/in-memory-secrets.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedLog,
  recordedMetrics,
  settableClock,
} from '../../doors/recorded.ts';
import { pharmacy, signingSecret } from '../pharmacy.ts';

const hour = 3_600_000;
const machine = 'arn:aws:states:eu-west-1:000000000000:stateMachine:after-rotation';

export const secretOf = (
  key: string,
  more: {
    armed?: boolean;
    origin?: 'new' | 'adopted';
    cadenceDays?: number;
    leadDays?: number;
  } = {},
): RotatedManifestSecret => ({
  ...signingSecret(key),
  ...more,
});

export interface CadenceWorldOptions {
  start?: string;
  schedule?: Manifest['schedule'];
  consumers?: Manifest['consumers'];
  /** Since when their material is in use, by a date label. @default three months before the start */
  since?: string;
}

export function cadenceWorld(
  all: readonly RotatedManifestSecret[],
  options: CadenceWorldOptions = {},
) {
  const start = options.start ?? '2026-02-14T00:20:00Z';
  const secrets = inMemorySecrets();
  const clock = settableClock(start);
  const bus = recordedBus();
  const log = recordedLog();
  const controlTable = inMemoryControlTable();
  const tags = { 'quarterturn:name': 'pharmacy', 'quarterturn:environment': 'prod' };
  const byName = new Map(all.map((secret) => [secret.name, secret]));
  secrets.more = (name) => {
    const secret = byName.get(name);
    return {
      rotationLambdaArn: functionArnOf(secret?.function ?? 'nobody'),
      rotationRules: {
        scheduleExpression: `rate(${(secret?.cadenceDays ?? 0) - 1} days)`,
        duration: '4h',
      },
      tags,
    };
  };
  for (const { name } of all) {
    const label = formatDateLabel(new Date(options.since ?? '2025-11-21T00:00:00Z'));
    secrets.add(name, { first: ['AWSCURRENT', label] });
  }
  const manifest: Manifest = {
    ...pharmacy,
    ...(options.schedule && { schedule: options.schedule }),
    secrets: [...all],
    consumers: options.consumers ?? [],
  };
  const doors: CadenceDoors = {
    secretsManager: secrets.door,
    controlTable,
    stepFunctions: recordedExecutions(),
    eventBus: bus,
    clock,
    log,
    metrics: recordedMetrics(),
  };
  /** Rotations that came to their end: the secret, when it began, how old its material was. */
  const rotated: { name: string; at: Date; ageDays: number }[] = [];

  const world = {
    secrets,
    controlTable,
    clock,
    bus,
    log,
    doors,
    manifest,
    rotated,
    tick: (): Promise<TickSummary> => tick(doors, manifest, { afterRotation: machine }),
    /** The four steps and the AfterRotation of everything that was asked for. */
    finish(): void {
      for (const { secretId, clientRequestToken } of secrets.rotations.splice(0)) {
        const name = secretId.slice(secretId.indexOf('secret:') + 7, -7);
        const at = clock.now();
        const stages = secrets.stages.get(name) ?? {};
        const before = stages[currentVersion(stages) ?? '']?.find((label) =>
          label.startsWith('rotated-'),
        );
        const since = before?.replace(
          /^rotated-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
          '$1-$2-$3T$4:$5:$6Z',
        );
        rotated.push({
          name: name.slice('pharmacy/prod/'.length),
          at,
          ageDays:
            since === undefined ? Number.NaN : (at.getTime() - Date.parse(since)) / (24 * hour),
        });
        secrets.promote(name, clientRequestToken, [formatDateLabel(at)]);
      }
    },
    /** @returns the summary of the last tick */
    async hours(count: number): Promise<TickSummary> {
      let summary: TickSummary | undefined;
      for (let passed = 0; passed < count; passed++) {
        clock.set(new Date(clock.now().getTime() + hour).toISOString());
        summary = await world.tick();
        world.finish();
      }
      if (summary === undefined) throw new RangeError('at least one hour');
      return summary;
    },
    /** `planned jwt 2026-02-14T09:20`, in the order in which they were said. */
    said: () =>
      bus.events.map(({ detailType, detail }) => {
        const { secret, plannedAt, at } = detail as Record<string, string> & {
          secret: { name: string };
        };
        const what = detailType.replace('credential-', '').replace('rotation-', '');
        return `${what} ${secret.name.slice('pharmacy/prod/'.length)} ${(plannedAt ?? at)?.slice(0, 16)}`;
      }),
  };
  return world;
}

/**
 * One look at every secret that rotates. Nothing here depends on an event that somebody else sends: labels and
 * records say it all, and metrics carry it to the alarms.
 *
 * 1. every secret is looked at; how many are stuck or were written outside of a rotation is measured at once, so
 *    that no slow database delays the alarm
 * 2. where a database's rotation is stuck, its own function is asked whether AWSCURRENT still logs in, and
 *    restores what may be restored
 * 3. people are told, once for each version
 * 4. the heartbeat comes last, and only when every secret was seen and everything was told
 *
 * An AfterRotation whose start was lost is the cadence's to start again, every hour.
 */
import {
  isRotated,
  type Manifest,
  type RotatedManifestSecret,
} from '../../domain/config/manifest.ts';
import { deploymentDimension, metricDimensions, metricNames } from '../../domain/config/names.ts';
import type { LoginAnswer } from '../../domain/events/operator-requests.ts';
import { askForLogin, isLost, wasRestored } from './ask-for-login.ts';
import type { WatchDoors } from './doors.ts';
import { lookAt, type Seen } from './look.ts';
import { tell } from './tell.ts';

/** Calls under way at a time: DescribeSecret is quick, and its quota is the whole account's. */
const atATime = 20;

export interface WatchSummary {
  secrets: number;
  stuck: number;
  unmanaged: number;
  loginsLost: number;
  loginsRestored: number;
  /** Secrets that could not be looked at, or told of. */
  failed: number;
}

export async function watch(doors: WatchDoors, manifest: Manifest): Promise<WatchSummary> {
  const secrets = manifest.secrets.filter(isRotated);
  const seen: Seen[] = [];
  let failed = await each(doors, secrets, async (secret) => {
    seen.push(await lookAt(doors, secret));
  });
  const stuck = seen.filter(({ underWay }) => underWay?.stuck);
  const unmanaged = seen.filter((one) => one.unmanaged !== undefined);
  measure(doors, manifest, {
    [metricNames.rotationsStuck]: stuck.length,
    [metricNames.unmanagedWrites]: unmanaged.length,
  });

  const logins = new Map<string, LoginAnswer>();
  await each(
    doors,
    stuck.filter(mayLoseItsLogin).map(({ secret }) => secret),
    async (secret) => {
      logins.set(secret.name, await askForLogin(doors, secret));
    },
  );
  const answers = [...logins.values()];
  const loginsLost = answers.filter(isLost).length;
  const loginsRestored = answers.filter(wasRestored).length;
  // Where no secret is a login, nobody pays for a metric of them.
  if (secrets.some(({ kind }) => kind === 'database')) {
    measure(doors, manifest, {
      [metricNames.loginsLost]: loginsLost,
      [metricNames.loginsRestored]: loginsRestored,
    });
  }

  const bySecret = new Map(seen.map((one) => [one.secret.name, one]));
  failed += await each(doors, secrets, async ({ name }) => {
    const one = bySecret.get(name);
    if (one !== undefined) {
      log(doors, one, logins.get(name));
      await tell(doors, one, logins.get(name));
    }
  });
  if (failed === 0) {
    measure(doors, manifest, { [metricNames.watchHeartbeat]: 1 });
  }
  const found = { stuck: stuck.length, unmanaged: unmanaged.length, loginsLost, loginsRestored };
  const summary = { secrets: secrets.length, ...found, failed };
  doors.log.info('watch-summary', summary);
  return summary;
}

/** With what it was to be set to an AWSCURRENT that no rotation made, nobody may log in. */
const mayLoseItsLogin = ({ secret, unmanaged }: Seen): boolean =>
  secret.kind === 'database' && unmanaged === undefined;

/** One secret that fails does not keep the others from their turn. @returns how many failed */
async function each(
  { log: { error: write } }: WatchDoors,
  secrets: readonly RotatedManifestSecret[],
  work: (secret: RotatedManifestSecret) => Promise<void>,
): Promise<number> {
  let failed = 0;
  for (let start = 0; start < secrets.length; start += atATime) {
    const some = secrets.slice(start, start + atATime).map(async (secret) => {
      try {
        await work(secret);
      } catch (error) {
        failed += 1;
        const { name, code, message } = error as { name?: string; code?: string; message?: string };
        // Our own errors speak for themselves; the text of any other may hold anything.
        const reason = code?.startsWith('ERR_ROTATION_') ? `${code}: ${message}` : name;
        write('watch-failed', { secret: secret.name, reason });
      }
    });
    await Promise.all(some);
  }
  return failed;
}

function measure(
  { metrics, clock }: WatchDoors,
  manifest: Pick<Manifest, 'name' | 'environment'>,
  values: Readonly<Record<string, number>>,
): void {
  const dimensions = { [metricDimensions.deployment]: deploymentDimension(manifest) };
  metrics.emit({ dimensions, values, at: clock.now() });
}

/** A secret of which there is nothing to say leaves no line: there are 288 looks a day. */
function log(doors: WatchDoors, seen: Seen, login: LoginAnswer | undefined): void {
  const { secret, underWay, unmanaged } = seen;
  if (!underWay?.stuck && unmanaged === undefined) {
    return;
  }
  doors.log.error('watch', {
    secret: secret.name,
    versionId: underWay?.versionId,
    since: underWay?.since,
    step: underWay?.failure?.step,
    code: underWay?.failure?.code,
    unmanaged,
    login: login?.outcome,
    reason: login?.reason,
  });
}

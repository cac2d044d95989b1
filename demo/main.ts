/** `npm start`, `npm run sandbox` and `npm run sandbox:deploy`: the whole product on one machine, without an AWS account or Docker. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { systemClock } from '../doors/clock.ts';
import { localRandom } from '../doors/random.ts';
import { emergency } from './chapters/emergency.ts';
import { ending } from './chapters/ending.ts';
import { firstValues } from './chapters/first-values.ts';
import { opening } from './chapters/opening.ts';
import { programme } from './chapters/programme.ts';
import { theReport } from './chapters/report.ts';
import { underLoad } from './chapters/under-load.ts';
import { deploy } from './deploy.ts';
import { accountBefore } from './existing-secret.ts';
import { perform } from './performance.ts';
import { announce } from './running-sandbox.ts';
import { type Stage, type StageOptions, setStage } from './stage.ts';
import { invitation, whatToTryNext } from './terminal/invitation.ts';
import type { Scene } from './terminal/scene.ts';

/** The day of the release from which the cadence is counted, in the morning. */
const releaseDay = new Date('2025-11-18T09:00:00Z');

/** Before a leaked role gets LOGIN again, every login under way is waited out; a server's default is a minute. */
const loginSeconds = 5;

/**
 * Plays the demo, or one chapter of it.
 * @param options `rows`: how many move to a new key; 100,000 by default
 * @returns the exit code: 0 when every proof was read back, 1 when one failed, 128 + n after signal n
 */
export function playDemo(
  config: RotationConfig,
  chapterId?: string,
  options: { rows?: number } = {},
): Promise<number> {
  const [first, ...others] = programme(chapterId, options.rows);
  // What signs everybody out comes when nobody's request is to fail any more.
  const year = others.filter((chapter) => chapter !== emergency);
  const atLast = others.filter((chapter) => chapter === emergency);
  const told = year.length > 0 || atLast.length === 0 ? [underLoad, theReport] : [];
  const scenes = [first, opening, ...year, ...told, ...atLast, ending];
  return perform(async ({ guard, closing, show }) => {
    const started = systemClock.now();
    let stage: Stage | undefined;
    const onStage = (): Stage => {
      if (stage === undefined) {
        throw new RangeError('The stage is not set.');
      }
      return stage;
    };
    const clock = { start: releaseDay, mode: 'manual' } as const;
    const postgres = { settings: { authentication_timeout: `${loginSeconds}s` } };
    await show.play([
      {
        title: 'The stage: a real PostgreSQL, and the synthesized stack in the sandbox',
        play: async (report) => {
          stage = await setStage(
            { config, clock, guard, rollout: true, postgres, onClose: closing.add },
            report,
          );
        },
      },
      ...scenes.map(
        ({ title, run }): Scene => ({
          title,
          play: (report) => run(onStage(), report),
        }),
      ),
    ]);
    const seconds = Math.round((systemClock.now().getTime() - started.getTime()) / 1000);
    return whatToTryNext(seconds);
  });
}

/** A configuration, and how a person names its file. */
export interface NamedConfig {
  config: RotationConfig;
  file: string;
}

/** First values take some minutes of the sandbox's clock: so long ago it starts, to be on time when they are made. */
const rehearsalMinutes = 10;

/** Sets the stage with a flowing clock and keeps it until Ctrl-C. */
export function keepRunning(
  { config, file }: NamedConfig,
  options: { port?: number },
): Promise<number> {
  return perform(async ({ guard, closing, show, untilInterrupted }) => {
    let stage: Stage | undefined;
    const start = new Date(systemClock.now().getTime() - rehearsalMinutes * 60_000);
    const oldValue = (await localRandom.bytes(64)).toString('base64');
    guard.watch(oldValue);
    const stageOptions: StageOptions = {
      config,
      clock: { start, mode: 'flowing' },
      guard,
      onClose: closing.add,
      existing: accountBefore(config.region, start, oldValue),
      ...(options.port !== undefined && { port: options.port }),
    };
    await show.play([
      {
        title: 'The sandbox',
        play: async (report) => {
          stage = await setStage(stageOptions, report);
        },
      },
      {
        title: firstValues.title,
        play: async (report) => {
          if (stage !== undefined) {
            await firstValues.run(stage, report);
            const { clock } = stage.sandbox;
            const now = systemClock.now();
            if (clock.now() < now) await clock.advanceTo(now);
          }
        },
      },
    ]);
    if (stage !== undefined) {
      const { sandbox, operator, operatorKey, directory, server } = stage;
      const { name, environment } = operator.manifest;
      await writeFile(join(directory, 'control-token'), sandbox.controlToken, { mode: 0o600 });
      await announce(directory, {
        url: sandbox.url,
        controlToken: sandbox.controlToken,
        deployment: `${name}/${environment}`,
        region: sandbox.region,
        postgres: { host: server.host, port: server.port, ca: server.ca },
      });
      // Not through the guard: the operator's key opens this sandbox alone and ends with it.
      process.stdout.write(invitation({ sandbox, operator, operatorKey, directory, file }));
      await untilInterrupted();
    }
    return undefined;
  });
}

/**
 * Deploys the configuration over the stack of the sandbox that runs.
 * @param directory the sandbox's folder, as it printed it
 */
export function deployIntoSandbox(
  { config, file }: NamedConfig,
  directory: string | undefined,
): Promise<number> {
  return perform(async ({ closing, show }) => {
    await show.play([
      {
        title: `Deploying ${file} into the sandbox`,
        play: (report) => deploy({ config, directory, onClose: closing.add }, report),
      },
    ]);
    return undefined;
  });
}

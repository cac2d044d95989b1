/** Waits until the schedule of the deployment would rotate: inside of its window, and outside of every freeze. */
import { firstOpening, freezeAt, isOpen } from '../../domain/policy/freeze.ts';
import { scheduleOf } from '../../doors/secret-facts.ts';
import type { OpenDeployment } from '../command.ts';

export type Waited =
  | { readonly state: 'open' | 'interrupted' }
  | {
      readonly state: 'never';
      readonly problem: { readonly code: string; readonly message: string };
    };

/** A laptop that slept meanwhile finds out soon. */
const longestSleep = 60_000;

export async function waitForWindow(
  { manifest, clock }: Pick<OpenDeployment, 'manifest' | 'clock'>,
  { say, interrupted }: { say: (line: string) => void; interrupted: AbortSignal },
): Promise<Waited> {
  const schedule = scheduleOf(manifest);
  const aborted = new Promise<void>((resolve) => {
    interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
  let told = 0;
  for (;;) {
    if (interrupted.aborted) return { state: 'interrupted' };
    const now = clock.now();
    if (isOpen(schedule, now)) return { state: 'open' };
    const opening = firstOpening(schedule, now);
    if (opening === undefined) return { state: 'never', problem: neverOpens };
    const frozen = freezeAt(schedule.freezes, now.getTime());
    if (opening.getTime() !== told) {
      told = opening.getTime();
      const why =
        frozen === undefined
          ? 'the window of the schedule is closed'
          : `frozen until ${frozen.until}: ${frozen.reason}`;
      say(`Waiting until ${opening.toISOString()} (${why}). Ctrl-C leaves nothing behind.`);
    }
    const left = opening.getTime() - now.getTime();
    await Promise.race([clock.sleep(Math.min(left, longestSleep)), aborted]);
  }
}

const neverOpens = {
  code: 'ERR_ROTATION_NO_WINDOW',
  message:
    'The window of the schedule does not open again outside of its freezes; expected an hour in which a rotation may start. Correct the schedule and deploy, or rotate without --wait-for-window. Nothing was changed.',
};

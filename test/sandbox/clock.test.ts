import { afterEach, describe, expect, test } from '@jest/globals';
import { SandboxClock } from '../../sandbox/clock.ts';

const START = new Date('2026-05-17T17:00:00.000Z');
const after = (milliseconds: number) => new Date(START.getTime() + milliseconds);
const HOUR = 3_600_000;

let clock: SandboxClock;
const start = (mode: 'manual' | 'flowing') => {
  clock = new SandboxClock(START, mode);
  return clock;
};
afterEach(() => clock.stop());

/** Notes the clock's time, and comes back every hour. */
function hourly(ran: string[]): void {
  const next = new Date(clock.now().getTime() + HOUR);
  const work = async () => {
    ran.push(`hourly ${clock.now().toISOString().slice(11, 16)}`);
    hourly(ran);
  };
  clock.at(next, 'hourly', work, { recurring: true });
}

describe('a manual clock', () => {
  test('whoever lives by it is told before anything happens at the new time, and no more once that ended', async () => {
    start('manual');
    const seen: string[] = [];
    const end = clock.onMove(async (now) => {
      await new Promise(setImmediate);
      seen.push(`told ${now.getTime() - START.getTime()}`);
    });
    clock.at(after(1_000), 'work', async () => void seen.push('work'));
    await clock.advanceTo(after(2_000));
    expect(seen).toEqual(['told 1000', 'work', 'told 2000']);
    end();
    await clock.advanceTo(after(3_000));
    expect(seen).toHaveLength(3);
  });

  test('stands still until it is moved', async () => {
    start('manual');
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.now()).toEqual(START);
    await clock.advanceTo(after(5));
    expect(clock.now()).toEqual(after(5));
  });

  test('runs timers in the order of their instants, each at its instant', async () => {
    start('manual');
    const ran: unknown[] = [];
    const note = (name: string) => async () => void ran.push([name, clock.now()]);
    clock.at(after(20), 'b', note('b'));
    clock.at(after(10), 'a', note('a'));
    clock.at(after(10), 'a2', note('a2'));
    clock.at(after(31), 'late', note('late'));
    await clock.advanceTo(after(30));
    expect(ran).toEqual([
      ['a', after(10)],
      ['a2', after(10)],
      ['b', after(20)],
    ]);
  });

  test('waits for tracked work before the next timer, and goes on when work fails', async () => {
    start('manual');
    const ran: string[] = [];
    clock.at(after(1), 'fails', () => {
      throw new Error('at once');
    });
    clock.at(after(2), 'slow', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      ran.push('slow');
    });
    clock.at(after(3), 'next', async () => void ran.push('next'));
    await clock.advanceTo(after(3));
    expect(ran).toEqual(['slow', 'next']);
  });

  test('does not run a timer that was taken back', async () => {
    start('manual');
    let ran = false;
    const cancel = clock.at(after(1), 'x', async () => {
      ran = true;
    });
    cancel();
    await clock.advanceTo(after(2));
    expect(ran).toBe(false);
  });

  test('settles what is under way, within the horizon, and leaves schedules alone', async () => {
    start('manual');
    const ran: string[] = [];
    hourly(ran);
    clock.at(after(60_000), 'retry', async () => {
      clock.at(after(2 * HOUR), 'retry 2', async () => void ran.push('retry 2'));
      clock.at(after(4 * HOUR), 'beyond', async () => void ran.push('beyond'));
    });
    await clock.settle(3 * HOUR);
    expect(ran).toEqual(['retry 2']);
    expect(clock.now()).toEqual(after(2 * HOUR));
  });

  test('runs a schedule at every instant it passes', async () => {
    start('manual');
    const ran: string[] = [];
    hourly(ran);
    await clock.advanceTo(after(3 * HOUR));
    expect(ran).toEqual(['hourly 18:00', 'hourly 19:00', 'hourly 20:00']);
  });

  test('passes over the instants of a schedule when only the last matters', async () => {
    start('manual');
    const ran: string[] = [];
    hourly(ran);
    clock.at(after(HOUR + 60_000), 'once', async () => {
      ran.push(`once ${clock.now().toISOString().slice(11, 16)}`);
    });
    await clock.advanceTo(after(48 * HOUR), 'last');
    expect(ran).toEqual(['once 18:01', 'hourly 17:00']);
    expect(clock.now()).toEqual(after(48 * HOUR));
  });
});

test('a stopped clock runs nothing, nor what is asked for afterwards', async () => {
  start('manual');
  let ran = false;
  const work = async () => {
    ran = true;
  };
  clock.at(after(1), 'before', work);
  clock.stop();
  clock.at(after(2), 'afterwards', work);
  await clock.advanceTo(after(3));
  expect(ran).toBe(false);
});

describe('a flowing clock', () => {
  test('fires timers by itself, also those it was moved close to', async () => {
    start('flowing');
    const fired = new Promise<Date>((resolve) => {
      clock.at(after(HOUR), 'soon', async () => resolve(clock.now()));
    });
    await clock.advanceTo(after(HOUR - 20));
    expect((await fired).getTime()).toBeGreaterThanOrEqual(after(HOUR).getTime());
    expect(clock.now().getTime()).toBeLessThan(after(HOUR + 60_000).getTime());
  });
});

import { describe, expect, test } from '@jest/globals';
import {
  defaultThrottle as limits,
  type Pressure,
  p95,
  throttle,
} from '../../../domain/policy/throttle.ts';

const wait = (pressure: Pressure, paused = 0) => throttle(pressure, limits, 1_000, paused);

describe('a background job', () => {
  test('goes on while nothing presses, and while nothing can be seen', () => {
    expect(wait({})).toEqual({ waitMilliseconds: 0, because: [] });
    const calm = {
      replicationLagSeconds: 10,
      walBytesPerSecond: 70_000_000,
      slotBytesLeft: 2_000_000_000,
      batchP95Milliseconds: 2_000,
      vacuuming: false,
    };
    expect(wait(calm)).toEqual({ waitMilliseconds: 0, because: [] });
  });

  test.each([
    [{ replicationLagSeconds: 10.1 }, 5_000, 'replicationLag'],
    [{ slotBytesLeft: 1_999_999_999 }, 5_000, 'slot'],
    [{ vacuuming: true }, 5_000, 'vacuum'],
    [{ walBytesPerSecond: 140_000_000 }, 1_000, 'walRate'],
    [{ batchP95Milliseconds: 3_000 }, 500, 'latency'],
    [{ walBytesPerSecond: 70e12 }, 30_000, 'walRate'],
  ] as const)('waits for %j alone', (pressure, waitMilliseconds, factor) => {
    expect(wait(pressure)).toEqual({ waitMilliseconds, because: [factor] });
  });

  test('waits for the worst of several, and names them all', () => {
    expect(wait({ walBytesPerSecond: 84_000_000, replicationLagSeconds: 60 })).toEqual({
      waitMilliseconds: 5_000,
      because: ['replicationLag', 'walRate'],
    });
  });

  test('does not wait for ever for a vacuum', () => {
    expect(wait({ vacuuming: true }, 599_999).because).toEqual(['vacuum']);
    expect(wait({ vacuuming: true }, 600_000).because).toEqual([]);
  });
});

test('p95 is the value 95 of 100 do not pass', () => {
  expect(p95([])).toBeUndefined();
  expect(p95([7])).toBe(7);
  expect(p95(Array.from({ length: 100 }, (_, at) => 100 - at))).toBe(95);
});

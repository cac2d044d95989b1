/** The client on its hot path: what it asks of AWS and of the network, and that the benchmark says so. */
import { Socket } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { clientPlans, measureClient } from '../../bench/client.ts';
import { clientSection } from '../../bench/client-section.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

test('verifying and decrypting with keys at hand reads each secret once and opens no connection', async () => {
  const dialled = jest.spyOn(Socket.prototype, 'connect');
  const fetched = jest.spyOn(globalThis, 'fetch');
  const figures = await measureClient(clientPlans.quick);
  expect(figures.first).toBe(2);
  for (const { calls, requests, ratios, client, bare } of figures.overheads) {
    expect({ calls, requests }).toEqual({ calls: 150, requests: 0 });
    for (const figure of [...ratios, client, bare]) {
      expect(figure).toBeGreaterThan(0);
      expect(figure).toBeLessThan(100_000);
    }
  }
  expect(dialled).not.toHaveBeenCalled();
  expect(fetched).not.toHaveBeenCalled();

  const section = clientSection(figures);
  const rows = section.split('\n').filter((line) => line.includes(' µs |'));
  expect(rows).toHaveLength(figures.overheads.length);
  for (const line of rows) {
    expect(line).toMatch(/ \d+\.\d\d \(\d+\.\d\d–\d+\.\d\d\): (met|missed) \| 0 in 150 calls \|$/);
  }
  expect(section).not.toMatch(/NaN|undefined|Infinity/);
});

test('whether a ratio meets its goal is told by its median', () => {
  const overhead = { what: 'a', against: 'b', client: 1, bare: 1, calls: 1, requests: 0 };
  const machine = {
    processor: 'p',
    cores: 2,
    memoryGigabytes: 1,
    node: 'v',
    system: 's',
    date: 'd',
  };
  const section = clientSection({
    machine,
    load: [0, 0],
    first: 2,
    overheads: [
      { ...overhead, ratios: [1.2, 1.05, 1] },
      { ...overhead, ratios: [0.9, 1.06, 1.3] },
    ],
  });
  expect(section).toContain('1.05 (1.00–1.20): met');
  expect(section).toContain('1.06 (0.90–1.30): missed');
});

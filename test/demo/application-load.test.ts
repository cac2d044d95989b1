/** The load's own count must be able to find something: against a server that does what one here asks of it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { ApplicationLoad, type LoadTally } from '../../demo/application-load.ts';
import { generateDataSet } from '../../demo/data/generate.ts';
import { HttpCaller } from '../../demo/http-caller.ts';
import { systemClock } from '../../doors/clock.ts';

const patients = generateDataSet().patients.slice(0, 5);
const start = Date.parse('2025-11-18T09:00:00Z');
const enough = 120;

interface Answer {
  status: number;
  body?: object;
}

const added = new Map<string, object>();

/** As the application answers when all is well. */
function answer(method: string, path: string, body: object, life: number): Answer {
  if (path === '/login') return { status: 200, body: { token: token(life) } };
  if (method === 'POST') {
    const id = String(1_000 + added.size);
    added.set(id, { id, ...body });
    return { status: 201, body: { id } };
  }
  if (method === 'DELETE') return { status: 204 };
  const id = path.split('/')[2] ?? '';
  const held = added.get(id);
  if (held !== undefined) return { status: 200, body: held };
  const patient = patients.find((known) => String(known.id) === id);
  if (patient !== undefined) return { status: 200, body: { ...patient, id: String(patient.id) } };
  return { status: 200, body: { status: 'ok' } };
}

const token = (seconds: number) =>
  [{ kid: 'a-kid' }, { exp: start / 1000 + seconds }, {}]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');

/** @param wrong answers otherwise, of the request with this number */
async function tallyOf(
  wrong: (request: { path: string; number: number }) => Answer | 'cut' | undefined,
  { life = 3_600, now = () => start }: { life?: number; now?: () => number } = {},
): Promise<LoadTally> {
  let asked = 0;
  let reached = () => {};
  const done = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const handler = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url: path = '' } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    asked += 1;
    if (asked === enough) reached();
    const other = wrong({ path, number: asked });
    if (other === 'cut') {
      request.socket.destroy();
      return;
    }
    const { status, body: sent } = other ?? answer(method, path, body, life);
    response.writeHead(status).end(sent && JSON.stringify(sent));
  };
  const server = createServer((request, response) => void handler(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const caller = new HttpCaller(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const load = new ApplicationLoad({
      callers: { current: caller, older: caller },
      user: { id: 'usr-0042', password: 'swordfish' },
      patients,
      clock: { ...systemClock, sleep: () => systemClock.sleep(0) },
      now: () => new Date(now()),
    });
    await load.login();
    load.start();
    await done;
    return await load.stop();
  } finally {
    caller.close();
    await new Promise((closed) => server.close(closed));
  }
}

test('finds nothing wrong with an application that is well', async () => {
  const tally = await tallyOf(() => undefined);
  expect(tally).toMatchObject({ failures: 0, reasons: [], endedSessions: 0, kids: 1 });
  expect(tally.requests).toBeGreaterThanOrEqual(enough);
  expect(tally.logins).toBeGreaterThan(1);
  expect(tally.p99).toBeGreaterThan(0);
});

test.each([
  ['a refusal', { status: 401, body: { error: 'unauthorized' } }, '401 unauthorized'],
  ['an error', { status: 503, body: { error: 'unavailable' } }, '503 unavailable'],
  ['another content', { status: 200, body: { id: '1' } }, '200 with another content'],
])('counts %s, and says what was asked without a value', async (_, other, words) => {
  const { failures, reasons } = await tallyOf(({ path }) =>
    /^\/patients\/\d/.test(path) ? other : undefined,
  );
  expect(failures).toBeGreaterThan(0);
  expect(reasons[0]).toMatch(/^(GET|PUT|DELETE) \/patients\/:id was answered /);
  expect(reasons[0]).toContain(words);
  expect(reasons.join()).not.toContain('swordfish');
});

test('counts a connection that is cut, and one single failure', async () => {
  const { failures, reasons } = await tallyOf(({ number }) => (number === 50 ? 'cut' : undefined));
  expect(failures).toBe(1);
  expect(reasons[0]).toMatch(/socket hang up|ECONNRESET/);
});

test('a token that has reached its end is no failure: its user logs in again', async () => {
  let time = start;
  const { failures, endedSessions } = await tallyOf(
    ({ number, path }) => {
      if (number < 40 || time > start || path === '/login') return undefined;
      time += 3_600_000;
      return { status: 401, body: { error: 'unauthorized' } };
    },
    { now: () => time, life: 3_600 },
  );
  expect(failures).toBe(0);
  expect(endedSessions).toBeGreaterThan(0);
});

test('what is away while the clock jumps is asked again; what is away while it stands has failed', async () => {
  let time = start;
  const { failures, askedAgain } = await tallyOf(
    ({ number, path }) => {
      if (number < 40 || time > start || path === '/login') return undefined;
      time += 300_000;
      return { status: 503, body: { error: 'unavailable' } };
    },
    { now: () => time },
  );
  expect(failures).toBe(0);
  expect(askedAgain).toBeGreaterThan(0);
});

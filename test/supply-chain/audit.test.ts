/** What `npm run audit` makes of what npm says, asked of a registry on this machine, and of npm's words for signatures. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  advisories,
  audit,
  exitCodeOf,
  type Run,
  signatures,
  told,
} from '../../scripts/supply-chain/audit.ts';

const signed: Run = { code: 0, out: '{ "invalid": [], "missing": [] }', err: '' };
const clean = JSON.stringify({ vulnerabilities: {}, metadata: { vulnerabilities: { total: 0 } } });

describe('asked of a registry', () => {
  let server: Server;
  let project: string;
  /** What it answers to the question about advisories. */
  let answer: { status: number; body: unknown };
  beforeEach(async () => {
    project = mkdtempSync(join(tmpdir(), 'quarterturn-audit-'));
    writeProject(project);
    server = createServer(({ method, url }, response) => {
      const asksForAdvisories = method === 'POST' && url?.startsWith('/-/npm/v1/security/');
      const { status, body } = asksForAdvisories
        ? answer
        : url === '/victim'
          ? { status: 200, body: { name: 'victim', versions: { '1.0.0': release } } }
          : { status: 404, body: {} };
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterEach(async () => {
    rmSync(project, { recursive: true });
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  test.each([
    ['an advisory that is high fails', [advisoryOf('high')], 1, 'FOUND'],
    ['an advisory that is moderate does not', [advisoryOf('moderate')], 0, 'ok'],
    ['no advisory is a success', undefined, 0, 'ok'],
  ])(
    '%s',
    async (_, victim, code, word) => {
      answer = { status: 200, body: victim === undefined ? {} : { victim } };
      const [finding, ...more] = await audited(server, project);
      expect([
        told(finding as never).split(/ {2,}/)[0],
        exitCodeOf([finding as never, ...more]),
      ]).toEqual([word, code]);
      if (code === 1) expect(finding).toMatchObject({ found: ['victim *: high'] });
    },
    120_000,
  );

  test('that takes no questions, nothing was checked, and that is no success', async () => {
    answer = { status: 405, body: {} };
    const findings = await audited(server, project);
    expect(findings[0]).toMatchObject({ is: 'not checked', about: advisories });
    expect(exitCodeOf(findings)).toBe(3);
    expect(findings.map(told).join('\n')).toMatch(/^NOT CHECKED .*the registry did not answer/);
  }, 120_000);
});

test('of a registry that is not there, nothing was checked', () => {
  const gone: Run = { code: 1, out: '', err: 'npm error code ENOTFOUND\nnpm error network' };
  const findings = audit(() => gone);
  expect(findings.map(told)).toEqual([
    `NOT CHECKED  ${advisories}: the registry did not answer (ENOTFOUND)`,
    `NOT CHECKED  ${signatures}: the registry did not answer (ENOTFOUND)`,
  ]);
  expect(exitCodeOf(findings)).toBe(3);
});

test.each<[string, Partial<Run>, string, number]>([
  ['all are signed', {}, 'clean', 0],
  [
    'one is signed by somebody else',
    { code: 1, out: '{ "invalid": [{ "name": "a", "version": "1.0.0" }], "missing": [] }' },
    'bad',
    1,
  ],
  [
    'one is not signed',
    { code: 1, out: '{ "invalid": [], "missing": [{ "name": "a", "version": "1.0.0" }] }' },
    'bad',
    1,
  ],
  ['npm says nothing', { code: 1, out: '' }, 'not checked', 3],
  ['npm fails and names none', { code: 1 }, 'not checked', 3],
  ['npm says nothing, and that it went well', { code: 0, out: '' }, 'not checked', 3],
])('of signatures: %s', (_, said, is, code) => {
  const findings = audit((args) =>
    args[1] === 'signatures' ? { ...signed, ...said } : { code: 0, out: clean, err: '' },
  );
  expect([findings[1]?.is, exitCodeOf(findings)]).toEqual([is, code]);
});

/** npm itself about advisories; signatures are not this registry's to answer: npm asks sigstore for the keys. */
async function audited(server: Server, project: string) {
  const { port } = server.address() as AddressInfo;
  const args = ['audit', '--omit=dev', '--audit-level=high', '--json'];
  const run = await npm(args, project, `http://127.0.0.1:${port}/`);
  return audit((asked) => {
    if (asked[1] === 'signatures') return signed;
    expect(asked).toEqual(args);
    return run;
  });
}

/** Not in this process's stead: the registry answers in it. */
function npm(args: readonly string[], cwd: string, registry: string): Promise<Run> {
  const env = {
    ...process.env,
    ...{ npm_config_registry: registry, npm_config_fetch_retries: '0' },
    ...{ npm_config_cache: join(cwd, 'cache'), npm_config_userconfig: join(cwd, 'npmrc') },
    npm_config_update_notifier: 'false',
  };
  return new Promise((ended, failed) => {
    const child = spawn('npm', [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const run: Run = { code: null, out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      run.out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      run.err += chunk.toString();
    });
    child.on('error', failed);
    child.on('close', (code) => ended({ ...run, code }));
  });
}

const release = { name: 'victim', version: '1.0.0' };
function advisoryOf(severity: string) {
  return { id: 1, title: 'It breaks', severity, vulnerable_versions: '<2.0.0', url: 'about:blank' };
}

function writeProject(folder: string): void {
  const dependencies = { victim: '1.0.0' };
  const write = (path: string, value: object) =>
    writeFileSync(join(folder, path), JSON.stringify(value));
  write('package.json', { name: 'project', version: '1.0.0', dependencies });
  write('package-lock.json', {
    ...{ name: 'project', version: '1.0.0', lockfileVersion: 3 },
    packages: {
      '': { name: 'project', version: '1.0.0', dependencies },
      'node_modules/victim': { version: '1.0.0' },
    },
  });
  mkdirSync(join(folder, 'node_modules/victim'), { recursive: true });
  write('node_modules/victim/package.json', release);
}

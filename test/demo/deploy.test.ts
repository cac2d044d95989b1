/** What `npm run sandbox:deploy` refuses before it starts anything. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deploy } from '../../demo/deploy.ts';
import { announce, findSandbox, type RunningSandbox } from '../../demo/running-sandbox.ts';
import config from '../../rotation.config.ts';

const postgres = { host: 'localhost', port: 5432, ca: 'a certificate' };
const sandbox: RunningSandbox = {
  url: 'http://127.0.0.1:4566',
  controlToken: 'a-token',
  deployment: 'pharmacy/dev',
  region: 'eu-west-1',
  postgres,
};
const silent = { doing() {}, progress() {}, changed() {}, proof() {} };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'deploy-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const deploying = (more: object) =>
  deploy({ config, directory, onClose: () => undefined, ...more }, silent);

test('a shell without the printed lines is told to paste them', async () => {
  await expect(deploying({ directory: undefined })).rejects.toMatchObject({
    code: 'ERR_ROTATION_NO_RUNNING_SANDBOX',
    message: expect.stringContaining('QUARTERTURN_SANDBOX is not set'),
  });
});

test('a sandbox that has ended is told with its folder', async () => {
  await expect(deploying({})).rejects.toMatchObject({
    code: 'ERR_ROTATION_NO_RUNNING_SANDBOX',
    message: expect.stringContaining(`No sandbox runs in ${directory}`),
  });
});

test('another deployment is another stack', async () => {
  await announce(directory, sandbox);
  await expect(deploying({ config: { ...config, name: 'bakery' } })).rejects.toMatchObject({
    code: 'ERR_ROTATION_SANDBOX_DEPLOYMENT',
    message: expect.stringContaining('bakery/dev in eu-west-1; expected pharmacy/dev in eu-west-1'),
  });
});

test('what is announced is found, by its owner alone', async () => {
  await announce(directory, sandbox);
  expect(await findSandbox(directory)).toEqual(sandbox);
  expect((await stat(join(directory, 'sandbox.json'))).mode & 0o777).toBe(0o600);
});

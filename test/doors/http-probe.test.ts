import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { httpProbe } from '../../doors/http-probe.ts';
import { startVendor, type Vendor } from '../lambdas/user-managed/vendor.ts';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor();
});
afterAll(() => vendor.stop());
beforeEach(() => {
  vendor.received = [];
});

const send = (url: string, privateAddresses: 'refused' | 'allowed', more: object = {}) =>
  httpProbe({ ca: vendor.ca, privateAddresses }).send({
    method: 'GET',
    url,
    headers: { 'x-api-key': 'sk-test-0001' },
    timeoutMilliseconds: 2_000,
    ...more,
  });

describe('what a deployed function is never led to', () => {
  test.each([
    ['a name that leads to this machine', () => vendor.url],
    ['its address', () => vendor.url.replace('localhost', '127.0.0.1')],
    ['its address in IPv6', () => vendor.url.replace('localhost', '[::1]')],
    ['an address of a private network', () => 'https://10.0.0.1/'],
  ])('%s', async (_what, url) => {
    await expect(send(url(), 'refused')).rejects.toMatchObject({
      code: 'ERR_ROTATION_PROBE_UNREACHABLE',
      message: expect.stringContaining('PRIVATE_ADDRESS'),
    });
    expect(vendor.received).toEqual([]);
  });

  test('the metadata services of the machine, not even where private addresses are let through', async () => {
    await expect(send('https://169.254.169.254/', 'allowed')).rejects.toThrow('PRIVATE_ADDRESS');
  });

  test('plain HTTP', async () => {
    await expect(send(vendor.url.replace('https', 'http'), 'allowed')).rejects.toMatchObject({
      code: 'ERR_ROTATION_PROBE_UNREACHABLE',
    });
    expect(vendor.received).toEqual([]);
  });
});

test('a body is sent as JSON, and of the answer only the status comes back', async () => {
  vendor.accepted.add('sk-test-0001');
  const body = '{"ping":true}';
  expect(await send(vendor.url, 'allowed', { method: 'POST', body })).toBe(200);
  expect(vendor.received[0]).toMatchObject({
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
});

test('a name the certificate does not have is refused before anything is sent', async () => {
  const error: unknown = await send(vendor.url.replace('localhost', '127.0.0.1'), 'allowed').catch(
    (reason) => reason,
  );
  expect(error).toMatchObject({ message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') });
  expect(error).not.toHaveProperty('cause');
  expect(vendor.received).toEqual([]);
});

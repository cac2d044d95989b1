import { describe, expect, test } from '@jest/globals';

import { healthFunctionName } from '../../../domain/config/names.ts';
import { InvalidConfigError, parseRotationConfig } from '../../../domain/config/rotation-config.ts';
import pharmacy from '../../../rotation.config.ts';

const url = 'https://api.example.com/api/credentials/health';
const probe = { name: 'Ready', url: 'https://api.example.com/ready' };
const inside = { network: 'main', privateAddresses: 'allowed' };
const signs = { url: 'https://hooks.example.com/', signingSecret: 'probeToken' };

/** The problems of the example with one consumer that has this health. */
function problemsOf(health: object, more: object = {}): readonly string[] {
  const secrets = {
    ...pharmacy.secrets,
    probeToken: { kind: 'userManaged', purpose: 'Shows the detail of health.' },
  };
  const networks = (health as { network?: string }).network === 'main' && {
    networks: { main: { cidr: '10.42.0.0/24' } },
  };
  const consumers = [{ name: 'api', reads: ['jwt'], health }];
  try {
    parseRotationConfig({ ...pharmacy, secrets, consumers, ...networks, ...more });
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfigError);
    return (error as InvalidConfigError).problems;
  }
  return [];
}

describe('a health is accepted', () => {
  test.each<[string, object, object?]>([
    ['the credentials alone', { credentials: url }],
    ['probes alone', { probes: [probe, { ...probe, name: 'Other', method: 'HEAD' }] }],
    ['with a bearer', { credentials: url, bearer: 'probeToken' }],
    ['a private host of a network', { credentials: 'https://10.42.0.7:8443/health', ...inside }],
    ['over http there', { credentials: 'http://api.internal:8080/health', ...inside }],
    ['a network that nothing else uses', { credentials: url, ...inside }],
    [
      'this machine, in dev',
      { credentials: 'http://localhost:3000/', privateAddresses: 'allowed', bearer: 'probeToken' },
      { environment: 'dev' },
    ],
    ['a POST with a body', { probes: [{ ...probe, method: 'POST', body: { dryRun: true } }] }],
  ])('%s', (_what, health, more = {}) => {
    expect(problemsOf(health, more)).toEqual([]);
  });
});

describe('a mistake is told with its path, what was found and what is expected', () => {
  const at = 'consumers.0.health';
  const refusedUrl = (expected: string) =>
    `${at}.credentials: found a URL that is refused; expected ${expected}`;
  const publicOnly = 'a public host, or privateAddresses: "allowed"';
  const httpsOnly =
    'https: only private addresses are asked over http, with privateAddresses: "allowed"';

  test.each<[string, object, string]>([
    [
      'no URL',
      { credentials: 'api.example.com/health' },
      'a URL, such as "https://api.example.com/api/credentials/health"',
    ],
    [
      'another scheme',
      { credentials: 'file:///etc/passwd' },
      'https, or http to a private address',
    ],
    [
      'a password in it',
      { credentials: 'https://a:swordfish@api.example.com/' },
      'no user or password in it',
    ],
    ['a fragment', { credentials: `${url}#top` }, 'no fragment in it'],
    ['plain http', { credentials: 'http://api.example.com/' }, httpsOnly],
    ['plain http to a public address', { credentials: 'http://192.0.2.1/', ...inside }, httpsOnly],
    ['a private address', { credentials: 'https://10.0.0.1/' }, publicOnly],
    ['a private address in one number', { credentials: 'https://167772161/' }, publicOnly],
    ['a private name', { credentials: 'https://api.internal/' }, publicOnly],
    [
      'metadata',
      { credentials: 'http://169.254.169.254/', ...inside },
      'another host: link-local addresses are the metadata services of the machine',
    ],
    [
      'metadata, mapped',
      { credentials: 'http://[::ffff:169.254.169.254]/', ...inside },
      'another host: link-local addresses are the metadata services of the machine',
    ],
    [
      'the machine of the function',
      { credentials: 'http://127.0.0.1:9001/', ...inside },
      "another host: this one is the function's own machine, which is for the environment dev",
    ],
    [
      'a bearer over http',
      { credentials: 'http://api.internal/', bearer: 'probeToken', ...inside },
      'https: the bearer is sent there',
    ],
  ])('%s', (_what, health, expected) => {
    expect(problemsOf(health)).toEqual([refusedUrl(expected)]);
  });

  test.each<[string, object, string, object?]>([
    [
      'nothing to ask',
      {},
      `${at}: found neither credentials nor probes; expected one at least: a health that asks nothing is always good`,
    ],
    [
      'a probe’s URL',
      { probes: [probe, { ...probe, name: 'Two', url: 'https://10.0.0.1/' }] },
      `${at}.probes.1.url: found a URL that is refused; expected ${publicOnly}`,
    ],
    [
      'a body with GET',
      { probes: [{ ...probe, body: {} }] },
      `${at}.probes.0.body: found one beside method "GET"; expected method "POST", or no body`,
    ],
    [
      'a long body',
      { probes: [{ ...probe, method: 'POST', body: { a: 'x'.repeat(5_000) } }] },
      `${at}.probes.0.body: found more than 4096 characters; expected a shorter one`,
    ],
    [
      'members of no answer',
      { probes: [{ ...probe, method: 'HEAD', json: { '/a': 1 } }] },
      `${at}.probes.0.json: found members beside method "HEAD", whose answer has none; expected "GET"`,
    ],
    [
      'two of a name',
      { probes: [probe, { ...probe, name: 'READY' }] },
      `${at}.probes.1: found "ready" again; expected every name once`,
    ],
    [
      'a bearer that is no secret',
      { credentials: url, bearer: 'nobody' },
      `${at}.bearer: found "nobody"; expected the key of a userManaged secret (dbAdmin, probeToken)`,
    ],
    [
      'a bearer that rotates',
      { credentials: url, bearer: 'jwt' },
      `${at}.bearer: found "jwt"; expected the key of a userManaged secret (dbAdmin, probeToken)`,
    ],
    [
      'the admin as bearer',
      { credentials: url, bearer: 'dbAdmin' },
      `${at}.bearer: found "dbAdmin", which is the admin of secrets.db; expected a userManaged secret with no other use: the consumer is shown it`,
    ],
    [
      'what signs as bearer',
      { credentials: url, bearer: 'probeToken' },
      `${at}.bearer: found "probeToken", which is what signs rollout.redeploy; expected a userManaged secret with no other use: the consumer is shown it`,
      { rollout: { redeploy: signs } },
    ],
    [
      'a network that is not there',
      { credentials: url, network: 'other', privateAddresses: 'allowed' },
      `${at}.network: found "other"; expected a network of this configuration (there is none)`,
    ],
    [
      'a network nobody may be asked in',
      { credentials: url, network: 'main' },
      `${at}.privateAddresses: found "refused" beside network "main"; expected "allowed", or no network: its hosts have private addresses`,
    ],
    [
      'private addresses from outside',
      { credentials: url, privateAddresses: 'allowed' },
      `${at}.privateAddresses: found "allowed" without a network; expected the network of those hosts beside it: from outside of every VPC no private address is reached`,
    ],
  ])('%s', (_what, health, problem, more = {}) => {
    expect(problemsOf(health, more)).toEqual([problem]);
  });

  test('and never repeats a URL', () => {
    const problems = problemsOf({ credentials: 'https://a:swordfish@10.0.0.1/?key=sk-12345' });
    expect(problems.join()).not.toMatch(/swordfish|sk-12345/);
  });
});

test('the longest name of a function is one that Lambda takes', () => {
  const scope = { name: 'a'.repeat(16), environment: 'b'.repeat(12) };
  expect(healthFunctionName(scope, 'c'.repeat(12)).length).toBeLessThanOrEqual(64);
});

test('a network that only a mistyped consumer uses is not said to be unused', () => {
  const problems = problemsOf({ credentials: url, ...inside, within: 5 });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^consumers\.0\.health\.within: /);
});

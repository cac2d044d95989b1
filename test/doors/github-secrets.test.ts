import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type GitHubSecret, gitHubSecrets } from '../../doors/github-secrets.ts';
import { sealedBox } from '../../doors/sealed-box.ts';
import { type GitHubStandIn, startGitHub } from '../github-stand-in.ts';

const canary = 'canary-5d1e-ü';

let gitHub: GitHubStandIn;
beforeAll(async () => {
  gitHub = await startGitHub();
});
afterAll(() => gitHub?.stop());

let secret: GitHubSecret;
beforeEach(() => {
  gitHub.asked = [];
  gitHub.next = [];
  gitHub.secrets.clear();
  secret = { api: gitHub.api, repository: 'pharmacy/api', name: 'JWT_SECRET' };
});

const door = () => gitHubSecrets({ ca: gitHub.ca, privateAddresses: 'allowed' });
const refusal = (work: Promise<unknown>): Promise<Error & { retryable?: boolean }> =>
  work.then(
    () => Promise.reject(new Error('it was not refused')),
    (error) => error,
  );

test('a value is sealed for the repository, and GitHub opens what was sent', async () => {
  expect(await door().updatedAt(secret, gitHub.token)).toBeUndefined();
  expect(await door().put(secret, gitHub.token, canary)).toBe('created');
  expect(gitHub.secrets.get('pharmacy/api/actions/secrets/JWT_SECRET')?.value).toBe(canary);
  const first = await door().updatedAt(secret, gitHub.token);
  expect(await door().put(secret, gitHub.token, `${canary}-2`)).toBe('updated');
  expect(await door().updatedAt(secret, gitHub.token)).not.toBe(first);
  expect(gitHub.secrets.get('pharmacy/api/actions/secrets/JWT_SECRET')?.value).toBe(`${canary}-2`);
});

test('an environment is a place of its own, whatever is in its name', async () => {
  await door().put({ ...secret, environment: 'eu/prod 1' }, gitHub.token, canary);
  expect([...gitHub.secrets.keys()]).toEqual([
    'pharmacy/api/environments/eu%2Fprod%201/secrets/JWT_SECRET',
  ]);
});

test('GitHub is asked in the version that was read about, as somebody it can name', async () => {
  await door().put(secret, gitHub.token, canary);
  for (const { headers } of gitHub.asked) {
    expect(headers).toMatchObject({
      'x-github-api-version': '2022-11-28',
      'user-agent': 'quarterturn',
      accept: 'application/vnd.github+json',
    });
  }
  expect(gitHub.asked.map(({ method }) => method)).toEqual(['GET', 'PUT']);
});

describe('a refusal says what is missing, whether to ask again, and nothing that was sent', () => {
  const forced = (status: number, headers: Record<string, string> = {}) => ({
    method: 'PUT',
    status,
    headers,
  });
  test.each([
    ['a token that may not', forced(403), /Secrets: read and write/, false],
    ['a place that is not there', forced(404), /permission "Secrets: read and write"/, false],
    ['a limit', forced(403, { 'retry-after': '60' }), /403.*after 60 seconds/, true],
    ['a limit that is used up', forced(403, { 'x-ratelimit-remaining': '0' }), /later/, true],
    ['too many requests', forced(429), /429/, true],
    ['a key that was changed meanwhile', forced(422), /tried again/, true],
    ['a defect of theirs', forced(502), /502/, true],
    ['a redirect', forced(307, { location: 'https://elsewhere.example.com/' }), /renamed/, false],
  ])('%s', async (_what, next, said, retryable) => {
    gitHub.next = [next];
    const error = await refusal(door().put(secret, gitHub.token, canary));
    expect(error).toMatchObject({ code: 'ERR_ROTATION_GITHUB', retryable });
    expect(error.message).toMatch(said);
    expect(`${error.message}${error.stack}`).not.toContain(canary);
    expect(`${error.message}${error.stack}`).not.toContain(gitHub.token);
    expect(error).not.toHaveProperty('cause');
    expect(gitHub.asked).toHaveLength(2);
  });

  test('a token that is none', async () => {
    const error = await refusal(door().put(secret, 'github_pat_other', canary));
    expect(error).toMatchObject({ found: 401, retryable: false });
    expect(error.message).not.toContain('github_pat_other');
  });

  test('an environment asks for another permission', async () => {
    gitHub.next = [{ method: 'GET', status: 403 }];
    const asked = door().updatedAt({ ...secret, environment: 'prod' }, gitHub.token);
    expect((await refusal(asked)).message).toContain('Environments: read and write');
  });

  test('something that is not GitHub', async () => {
    gitHub.next = [{ method: 'GET', status: 200, body: '<html>' }];
    const error = await refusal(door().put(secret, gitHub.token, canary));
    expect(error).toMatchObject({ retryable: false, message: expect.stringContaining('/api/v3') });
    expect(gitHub.asked).toHaveLength(1);
  });

  test('a key that is too short to seal with', async () => {
    const body = JSON.stringify({ key_id: '1', key: 'c2hvcnQ=' });
    gitHub.next = [{ method: 'GET', status: 200, body }];
    const error = await refusal(door().put(secret, gitHub.token, canary));
    expect(error).toMatchObject({ code: 'ERR_ROTATION_PUBLIC_KEY' });
    expect(gitHub.asked).toHaveLength(1);
  });
});

test('no more of an answer is read than there can be', async () => {
  gitHub.next = [{ method: 'GET', status: 200, body: `${' '.repeat(20_000)}{}` }];
  const error = await refusal(door().updatedAt(secret, gitHub.token));
  expect(error.message).toContain('something that is not secret JWT_SECRET');
});

describe('nothing is sent', () => {
  test('to a name that leads to a private address, where that is refused', async () => {
    const outside = gitHubSecrets({ ca: gitHub.ca, privateAddresses: 'refused' });
    const error = await refusal(outside.put(secret, gitHub.token, canary));
    expect(error).toMatchObject({ found: 'PRIVATE_ADDRESS', retryable: false });
    expect(gitHub.asked).toEqual([]);
  });

  test('to whom nobody known vouches for', async () => {
    const trusting = gitHubSecrets({ privateAddresses: 'allowed' });
    const error = await refusal(trusting.put(secret, gitHub.token, canary));
    expect(error.message).toMatch(/SELF_SIGNED|UNABLE_TO/);
    expect(gitHub.asked).toEqual([]);
  });
});

test('two boxes of one text have nothing in common', async () => {
  const key = Buffer.alloc(32, 9).toString('base64');
  expect(await sealedBox.seal(canary, key)).not.toBe(await sealedBox.seal(canary, key));
});

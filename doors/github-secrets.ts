/**
 * The door to secrets of GitHub Actions (docs.github.com, "REST API endpoints for GitHub Actions Secrets"): of a
 * repository, or of one of its environments. A value goes there in a sealed box and never comes back; what can be read
 * is when a secret was changed last.
 */
import * as z from 'zod';
import { readAs } from '../domain/events/read-as.ts';
import type { PrivateAddresses } from './guarded-lookup.ts';
import { exchange, type HttpsAnswer, HttpsUnansweredError } from './https-exchange.ts';
import { type SealedBoxDoor, sealedBox } from './sealed-box.ts';

export interface GitHubSecret {
  /** `https://api.github.com`, or `https://<host>/api/v3` of GitHub Enterprise Server. */
  api: string;
  /** `owner/name`. */
  repository: string;
  /** Absent: the repository's own secret. */
  environment?: string | undefined;
  name: string;
}

export interface GitHubSecretsDoor {
  /** @returns when it was changed last, as GitHub says it; undefined when there is none. @throws GitHubError */
  updatedAt(secret: GitHubSecret, token: string): Promise<string | undefined>;
  /** Makes or replaces it. @throws GitHubError, PublicKeyError */
  put(secret: GitHubSecret, token: string, value: string): Promise<'created' | 'updated'>;
}

/** GitHub did not do it. Its own words are not repeated: they may hold what was sent. */
export class GitHubError extends Error {
  override readonly name = 'GitHubError';
  readonly code = 'ERR_ROTATION_GITHUB';
  /** HTTP status, or why there was none. */
  readonly found: number | string;
  /** May it go well when it is asked again, with nothing changed? */
  readonly retryable: boolean;
  constructor(
    call: string,
    found: number | string,
    { advice, retryable }: { advice: string; retryable: boolean },
  ) {
    super(`${call} was answered ${found}; expected 2xx. What to do: ${advice}.`);
    this.found = found;
    this.retryable = retryable;
  }
}

export interface GitHubSecretsOptions {
  privateAddresses: PrivateAddresses;
  /** PEM; absent: the authorities Node.js ships. */
  ca?: string | undefined;
  /** @default 5 seconds a request */
  timeoutMilliseconds?: number;
  box?: SealedBoxDoor;
}

const publicKeySchema = z.object({
  key_id: z.string().min(1).max(256),
  key: z.string().min(1).max(256),
});
const secretSchema = z.object({ updated_at: z.iso.datetime({ offset: true }) });

export function gitHubSecrets(options: GitHubSecretsOptions): GitHubSecretsDoor {
  const limits = {
    privateAddresses: options.privateAddresses,
    ca: options.ca,
    timeoutMilliseconds: options.timeoutMilliseconds ?? 5_000,
    // The largest of these answers has a few hundred.
    answerBytes: 16_384,
  };
  const box = options.box ?? sealedBox;

  async function ask(secret: GitHubSecret, token: string, request: Request): Promise<HttpsAnswer> {
    const call = `${request.method} ${request.what} of ${placeOf(secret)}`;
    try {
      const answer = await exchange(
        {
          method: request.method,
          url: `${secretsOf(secret)}/${request.path}`,
          headers: {
            accept: 'application/vnd.github+json',
            authorization: `Bearer ${token}`,
            'user-agent': 'quarterturn',
            'x-github-api-version': '2022-11-28',
            ...(request.body !== undefined && { 'content-type': 'application/json' }),
          },
          body: request.body,
        },
        limits,
      );
      if (request.expected.includes(answer.status)) return answer;
      throw new GitHubError(call, answer.status, adviceOn(answer, secret));
    } catch (error) {
      if (!(error instanceof HttpsUnansweredError)) throw error;
      throw new GitHubError(call, error.reason, {
        advice: `look whether ${error.host} is up, and its certificate one the function trusts`,
        retryable: error.reason !== 'PRIVATE_ADDRESS',
      });
    }
  }

  return {
    async updatedAt(secret, token) {
      const what = `secret ${secret.name}`;
      const request = { method: 'GET', what, path: secret.name, expected: [200, 404] } as const;
      const answer = await ask(secret, token, request);
      if (answer.status === 404) return undefined;
      return parsed(secretSchema, answer, what, secret).updated_at;
    },

    async put(secret, token, value) {
      const what = 'the public key';
      const request = { method: 'GET', what, path: 'public-key', expected: [200] } as const;
      const publicKey = parsed(publicKeySchema, await ask(secret, token, request), what, secret);
      const { status } = await ask(secret, token, {
        method: 'PUT',
        what: `secret ${secret.name}`,
        path: secret.name,
        expected: [201, 204],
        body: JSON.stringify({
          encrypted_value: await box.seal(value, publicKey.key),
          key_id: publicKey.key_id,
        }),
      });
      return status === 201 ? 'created' : 'updated';
    },
  };
}

interface Request {
  method: 'GET' | 'PUT';
  what: string;
  path: string;
  body?: string;
  expected: readonly number[];
}

const placeOf = ({ repository, environment }: GitHubSecret): string =>
  environment === undefined ? repository : `${repository}, environment ${environment}`;

/** "The name of the environment. The name must be URL encoded." */
function secretsOf({ api, repository, environment }: GitHubSecret): string {
  const root = `${api.replace(/\/+$/, '')}/repos/${repository}`;
  return environment === undefined
    ? `${root}/actions/secrets`
    : `${root}/environments/${encodeURIComponent(environment)}/secrets`;
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  { body, status }: HttpsAnswer,
  what: string,
  secret: GitHubSecret,
): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  const result = readAs(schema, json);
  if (result.success) return result.data;
  throw new GitHubError(
    `GET ${what} of ${placeOf(secret)}`,
    `${status} with something that is not ${what}`,
    {
      advice: `look whether ${new URL(secret.api).host} is the API of GitHub (Enterprise Server has it under /api/v3)`,
      retryable: false,
    },
  );
}

/** docs.github.com, "Rate limits for the REST API" and "Permissions required for fine-grained personal access tokens". */
function adviceOn(
  { status, headers }: HttpsAnswer,
  { repository, environment }: GitHubSecret,
): { advice: string; retryable: boolean } {
  const permission =
    environment === undefined ? 'Secrets: read and write' : 'Environments: read and write';
  const after = Number(headers['retry-after']);
  const isLimited =
    status === 429 ||
    (status === 403 && (headers['retry-after'] !== undefined || isUsedUp(headers)));
  if (isLimited) {
    const wait = Number.isInteger(after) ? `after ${after} seconds` : 'later';
    return {
      advice: `the token has reached a rate limit; it is tried again, GitHub takes it ${wait}`,
      retryable: true,
    };
  }
  if (status === 401) {
    return {
      advice:
        'the token is none, has expired or was revoked: make another one, and store it in the secret that the configuration names',
      retryable: false,
    };
  }
  if (status === 403) {
    return {
      advice: `the token may see ${repository} and not do this: give it the repository permission "${permission}" (a classic token: the scope repo)`,
      retryable: false,
    };
  }
  if (status === 404) {
    return {
      advice: `there is no such place, or the token does not see it: check ${placeOf({ api: '', name: '', repository, environment })}, and that the token is for this repository with the permission "${permission}"`,
      retryable: false,
    };
  }
  if (status >= 300 && status < 400) {
    return {
      advice: `${repository} was renamed or moved, and no redirect is followed: configure its name of today`,
      retryable: false,
    };
  }
  return {
    // 409 and 422: the public key was changed between the two requests, or the value is refused.
    advice:
      'it is tried again; if it stays, look at githubstatus.com and at the name of the secret',
    retryable: true,
  };
}

const isUsedUp = (headers: HttpsAnswer['headers']): boolean =>
  headers['x-ratelimit-remaining'] === '0';

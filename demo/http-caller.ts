/** Calls one server over connections that stay open, as a service mesh or a browser does. */
import { Agent, request } from 'node:http';

export interface Answer {
  status: number;
  /** Parsed JSON; undefined when there was none. */
  body: unknown;
}

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  token?: string | undefined;
  body?: object;
}

/** A request that has no answer by then has failed. */
const timeLimitMilliseconds = 20_000;

export class HttpCaller {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: string) {
    this.#url = url;
  }

  /** @throws what the connection throws */
  call({ method, path, token, body }: Call): Promise<Answer> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const asked = request(
        this.#url + path,
        {
          method,
          agent: this.#agent,
          timeout: timeLimitMilliseconds,
          headers: {
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(sent !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(sent),
            }),
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const status = answer.statusCode ?? 0;
            resolve({ status, body: text === '' ? undefined : JSON.parse(text) });
          });
        },
      );
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.end(sent);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

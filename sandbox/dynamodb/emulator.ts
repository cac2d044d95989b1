/**
 * dynalite without a port: its server never listens, each request is handed to it in memory.
 * (A second port would be a second door without signatures, IAM and faults.)
 */
import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import dynalite from 'dynalite';
import { ServiceException } from '../service.ts';

/** dynalite looks at the shape of the signature only; the sandbox's server has verified the real one. */
const headers = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=sandbox/20260101/region/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
};

export type Answer = Record<string, unknown>;

export class Emulator {
  readonly #server: Server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  #stopped = false;

  /** @throws ServiceException with DynamoDB's own error names, as dynalite answers them */
  async call(operation: string, input: Record<string, unknown>): Promise<Answer> {
    if (this.#stopped) {
      throw new ServiceException('InternalServerError', 'The emulator has been stopped', 500);
    }
    const { status, body } = await this.#request(operation, JSON.stringify(input));
    const answer = JSON.parse(body) as Answer;
    if (status === 200) {
      return answer;
    }
    const { __type, message, Message, ...members } = answer;
    const code = String(__type).replace(/^.*#/, '');
    throw new ServiceException(code, String(message ?? Message ?? code), status, members);
  }

  /** Nothing listens and the store is memory: no handle is left, later calls are refused. */
  stop(): void {
    this.#stopped = true;
    this.#server.removeAllListeners();
  }

  #request(operation: string, body: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve) => {
      const request = Object.assign(new EventEmitter(), {
        method: 'POST',
        url: '/',
        headers: { ...headers, 'x-amz-target': `DynamoDB_20120810.${operation}` },
      });
      const response = {
        statusCode: 200,
        setHeader: () => undefined,
        end(text: string) {
          resolve({ status: response.statusCode, body: text });
        },
      };
      this.#server.emit('request', request, response);
      request.emit('data', Buffer.from(body));
      request.emit('end');
    });
  }
}

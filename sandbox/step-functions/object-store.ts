/** S3 as a state machine reads and writes it: with its role, through IAM, faults and the record of requests. */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { IamPort } from '../ports.ts';
import type { RestAnswer } from '../protocols.ts';
import type { RequestLog } from '../request-log.ts';
import { type AwsService, type Caller, ServiceException } from '../service.ts';

export interface ObjectStoreOptions {
  clock: SandboxClock;
  iam: IamPort;
  /** @default none: a machine that reads or writes objects is refused at load */
  s3?: Pick<AwsService, 'operations'>;
  faults?: Pick<Faults, 'around'>;
  requests?: Pick<RequestLog, 'add'>;
}

interface Place {
  bucket: string;
  key: string;
  versionId?: string | undefined;
}

export class ObjectStore {
  readonly #options: ObjectStoreOptions;

  constructor(options: ObjectStoreOptions) {
    this.#options = options;
  }

  get exists(): boolean {
    return this.#options.s3 !== undefined;
  }

  /** @throws ServiceException as S3 says it, Error when the answer was lost */
  async get(caller: Caller, place: Place): Promise<Buffer> {
    const answer = await this.#call(caller, 'GetObject', place, {});
    return Buffer.from(answer.body);
  }

  /** @throws ServiceException as S3 says it, Error when the answer was lost */
  async put(caller: Caller, place: Place, body: Buffer, contentType: string): Promise<void> {
    const headers = { 'content-type': contentType };
    await this.#call(caller, 'PutObject', place, { headers, Body: body });
  }

  async #call(
    caller: Caller,
    operation: 'GetObject' | 'PutObject',
    { bucket, key, versionId }: Place,
    more: Record<string, unknown>,
  ): Promise<RestAnswer> {
    const { s3, iam, faults, requests, clock } = this.#options;
    const called = s3?.operations[operation];
    if (called === undefined) {
      throw new ServiceException('NotSimulatedException', 'No S3 was handed in', 501);
    }
    const named = { Bucket: bucket, Key: key, ...(versionId !== undefined && { versionId }) };
    const input = { ...named, headers: {}, ...more };
    const run = async () => {
      for (const check of called.authorize(input, caller)) {
        iam.authorize(caller, check);
      }
      return called.run(input, caller);
    };
    const subject = { service: 's3', operation, input: named, principal: caller.arn };
    const started = performance.now();
    let errorCode: string | undefined;
    try {
      const answer = await (faults === undefined ? run() : faults.around(subject, run));
      return answer as RestAnswer;
    } catch (error) {
      errorCode = error instanceof ServiceException ? error.code : 'InternalError';
      throw error;
    } finally {
      requests?.add({
        time: clock.now(),
        principal: caller.arn,
        service: 's3',
        operation,
        input: named,
        status: errorCode === undefined ? 200 : 400,
        ...(errorCode !== undefined && { errorCode }),
        requestId: randomUUID(),
        milliseconds: performance.now() - started,
      });
    }
  }
}

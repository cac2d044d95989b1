/**
 * S3 as Athena reaches it: with its caller's rights to buckets, objects and keys ("forward access sessions").
 * @see https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html
 */
import type { IamPort } from '../ports.ts';
import type { RestAnswer } from '../protocols.ts';
import type { S3Service } from '../s3/service.ts';
import type { Caller } from '../service.ts';

export interface Place {
  bucket: string;
  key: string;
}

/** @throws TypeError */
export function placeOf(url: string): Place {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.*)$/.exec(url) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new TypeError(`${url} is not s3://bucket/…/`);
  }
  return { bucket, key };
}

/** Its caller, whenever Athena asks another service (athena/latest/ug/security-iam-athena-calledvia.html). */
export const throughAthena = (caller: Caller, region: string): Caller => ({
  ...caller,
  via: `athena.${region}.amazonaws.com`,
  calledVia: ['athena.amazonaws.com'],
});

export class CallersObjects {
  readonly #s3: S3Service;
  readonly #iam: IamPort;
  readonly #caller: Caller;

  constructor(s3: S3Service, iam: IamPort, caller: Caller, region: string) {
    this.#s3 = s3;
    this.#iam = iam;
    this.#caller = throughAthena(caller, region);
  }

  /** @throws ServiceException as S3 says it */
  assertMayFind(bucket: string): void {
    this.#iam.authorize(this.#caller, this.#s3.bucketCheck(bucket, 'GetBucketLocation'));
  }

  /** @throws ServiceException as S3 says it */
  assertMayList({ bucket, key: prefix }: Place): void {
    this.#iam.authorize(this.#caller, this.#s3.bucketCheck(bucket, 'ListBucket', prefix));
  }

  /** Keys under a prefix, whoever may see them: `assertMayList` has been asked for what is used of it. */
  keysUnder({ bucket, key: prefix }: Place): string[] {
    return this.#s3.keysUnder(bucket, prefix);
  }

  /** @throws ServiceException as S3 says it */
  async get({ bucket, key }: Place): Promise<Buffer> {
    const answer = await this.#call('GetObject', { Bucket: bucket, Key: key, headers: {} });
    return Buffer.from(answer.body);
  }

  /** @throws ServiceException as S3 says it */
  async put({ bucket, key }: Place, body: Buffer, headers: Record<string, string>): Promise<void> {
    await this.#call('PutObject', { Bucket: bucket, Key: key, Body: body, headers });
  }

  async #call(name: string, input: Record<string, unknown>): Promise<RestAnswer> {
    const operation = this.#s3.operations[name];
    for (const check of operation?.authorize(input, this.#caller) ?? []) {
      this.#iam.authorize(this.#caller, check);
    }
    return (await operation?.run(input, this.#caller)) as RestAnswer;
  }
}

/**
 * S3 for the sandbox, as far as a bucket of precious copies needs it: versions, conditional creation,
 * Object Lock, encryption under the caller's rights at KMS. Reads after writes are consistent, as in S3.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/
 */
import { createHash, randomBytes } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { IamPort, KmsPort } from '../ports.ts';
import { RestAnswer } from '../protocols.ts';
import type { AccessCheck, AwsService, Caller, Operation } from '../service.ts';
import { ServiceException } from '../service.ts';
import { checkDelete, checkGet, checkList, checkPut, checkRetention } from './access.ts';
import { objectHeaders, retentionOf, sse, versionHeader } from './answers.ts';
import {
  Bucket,
  type BucketProps,
  grantsToEverybody,
  type StoredObject,
  type Version,
} from './bucket.ts';
import { checkedSums } from './checksums.ts';
import {
  accessDenied,
  fromKms,
  invalidArgument,
  noSuchBucket,
  preconditionFailed,
} from './errors.ts';
import { type S3Input, s3Input } from './input.ts';
import { listObjects, listVersions } from './listings.ts';
import { routeS3 } from './route.ts';

export interface S3Props {
  account: string;
  region: string;
  clock: SandboxClock;
  iam: IamPort;
  kms: KmsPort;
}

const day = 86_400_000;

type Run = (bucket: Bucket, input: S3Input, caller: Caller) => RestAnswer;

export class S3Service implements AwsService {
  readonly signingName = 's3';
  readonly protocol = 'rest-xml';
  readonly route = routeS3;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #props: S3Props;
  readonly #buckets = new Map<string, Bucket>();

  constructor(props: S3Props) {
    this.#props = props;
    this.operations = {
      PutObject: this.#operation(checkPut, (...call) => this.#put(...call)),
      GetObject: this.#operation(checkGet, (...call) => this.#get(...call)),
      // Node sends no body of an answer to HEAD, and its length all the same.
      HeadObject: this.#operation(checkGet, (...call) => this.#get(...call)),
      DeleteObject: this.#operation(checkDelete, (bucket, input) => this.#delete(bucket, input)),
      GetObjectRetention: this.#operation(checkRetention, retentionOf),
      ListObjectsV2: this.#operation(
        (bucket, input) => checkList(bucket, input, 'ListBucket'),
        listObjects,
      ),
      ListObjectVersions: this.#operation(
        (bucket, input) => checkList(bucket, input, 'ListBucketVersions'),
        listVersions,
      ),
    };
  }

  /** The loader's. @throws BucketAlreadyExists */
  createBucket(props: BucketProps): { arn: string } {
    if (this.#buckets.has(props.name)) {
      throw new ServiceException(
        'BucketAlreadyExists',
        'The requested bucket name is not available.',
        409,
      );
    }
    const bucket = new Bucket(props);
    this.#buckets.set(props.name, bucket);
    return { arn: bucket.arn };
  }

  /** The loader's: what is in it stays as it was stored. */
  changeBucket(props: BucketProps): void {
    this.#bucket(props.name).props = props;
  }

  /** The loader's. @throws BucketNotEmpty: versions and delete markers count */
  deleteBucket(name: string): void {
    if (this.#bucket(name).versions('').length > 0) {
      throw new ServiceException(
        'BucketNotEmpty',
        'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
        409,
      );
    }
    this.#buckets.delete(name);
  }

  /** The loader's. @throws NoSuchBucket, AccessDenied for a public policy where those are blocked */
  putBucketPolicy(name: string, policy: PolicyDocument | undefined): void {
    const bucket = this.#bucket(name);
    if (policy !== undefined && bucket.props.blockPublicPolicy && grantsToEverybody(policy)) {
      throw accessDenied(
        'User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.',
      );
    }
    bucket.policy = policy;
  }

  /** For a service that works in its caller's name: what IAM is to be asked. @throws NoSuchBucket */
  bucketCheck(
    name: string,
    action: 'GetBucketLocation' | 'ListBucket',
    prefix?: string,
  ): AccessCheck {
    const [check] = checkList(
      this.#bucket(name),
      prefix === undefined ? {} : { prefix },
      'ListBucket',
    );
    return { ...(check as AccessCheck), action: `s3:${action}` };
  }

  /** Whoever may see them: `bucketCheck` is asked first. @throws NoSuchBucket */
  keysUnder(name: string, prefix: string): string[] {
    const bucket = this.#bucket(name);
    return bucket
      .versions(prefix)
      .filter((version) => version.object !== undefined && bucket.isLatest(version))
      .map(({ key }) => key);
  }

  #bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      throw noSuchBucket(name);
    }
    return bucket;
  }

  #operation(checks: (bucket: Bucket, input: S3Input) => AccessCheck[], run: Run): Operation {
    return {
      authorize: (input) => {
        const call = s3Input(input);
        const bucket = this.#bucket(call.Bucket);
        const owner = call.headers['x-amz-expected-bucket-owner'];
        if (owner !== undefined && owner !== this.#props.account) {
          throw accessDenied();
        }
        return checks(bucket, call);
      },
      run: async (input, caller) => run(this.#bucket(String(input.Bucket)), s3Input(input), caller),
    };
  }

  #put(bucket: Bucket, input: S3Input, caller: Caller): RestAnswer {
    const { Key: key, Body: body, headers } = input;
    const condition = headers['if-none-match'];
    if (condition !== undefined && condition !== '*') {
      throw invalidArgument('If-None-Match takes "*" and nothing else here', 'If-None-Match');
    }
    const { objectLock, versioned } = bucket.props;
    const checksums = checkedSums(headers, body, objectLock?.retention !== undefined);
    if (condition !== undefined && bucket.current(key) !== undefined) {
      throw preconditionFailed();
    }
    const object: StoredObject = {
      ...this.#sealed(bucket, input, caller),
      size: body.length,
      etag: `"${createHash('md5').update(body).digest('hex')}"`,
      contentType: headers['content-type'] ?? 'binary/octet-stream',
      checksums,
      metadata: Object.fromEntries(
        Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-')),
      ),
    };
    const now = this.#now();
    const retention = objectLock?.retention;
    const version: Version = {
      key,
      versionId: versioned ? randomBytes(24).toString('base64url') : 'null',
      lastModified: now,
      object,
      ...(retention && {
        lock: { mode: retention.mode, until: new Date(now.getTime() + retention.days * day) },
      }),
    };
    bucket.add(version);
    return new RestAnswer(200, { ...versionHeader(bucket, version), ...objectHeaders(object) }, '');
  }

  /** Under the key the request names, else the bucket's; the context is the object's ARN, or the bucket's. */
  #sealed(
    bucket: Bucket,
    { Key, Body, headers }: S3Input,
    caller: Caller,
  ): Pick<StoredObject, 'bytes' | 'kms'> {
    const { encryption } = bucket.props;
    const kind = headers[sse] ?? (encryption === undefined ? 'AES256' : 'aws:kms');
    if (kind === 'AES256') {
      return { bytes: Body };
    }
    if (kind !== 'aws:kms') {
      throw invalidArgument('The encryption method specified is not supported', sse);
    }
    const keyId = headers[`${sse}-aws-kms-key-id`] ?? encryption?.kmsKeyId ?? 'alias/aws/s3';
    const asked = headers[`${sse}-bucket-key-enabled`];
    const bucketKey = asked === undefined ? encryption?.bucketKey === true : asked === 'true';
    const context = { 'aws:s3:arn': bucketKey ? bucket.arn : bucket.arnOf(Key) };
    const bytes = fromKms(() =>
      this.#props.kms.encryptFor(this.#through(caller), keyId, Body, context),
    );
    return { bytes, kms: { keyId, bucketKey } };
  }

  #get(bucket: Bucket, input: S3Input, caller: Caller): RestAnswer {
    const version = this.#found(bucket, input, caller);
    const { object, lock, lastModified } = version;
    const { kms } = object;
    const context = { 'aws:s3:arn': kms?.bucketKey ? bucket.arn : bucket.arnOf(input.Key) };
    const bytes =
      kms === undefined
        ? object.bytes
        : fromKms(() =>
            this.#props.kms.decryptFor(this.#through(caller), kms.keyId, object.bytes, context),
          );
    const withChecksum = input.headers['x-amz-checksum-mode'] === 'ENABLED';
    const isKnown = lock !== undefined && this.#may(caller, checkRetention(bucket, input));
    return new RestAnswer(
      200,
      {
        ...versionHeader(bucket, version),
        ...objectHeaders({ ...object, checksums: withChecksum ? object.checksums : {} }),
        ...object.metadata,
        'content-type': object.contentType,
        'last-modified': lastModified.toUTCString(),
        'accept-ranges': 'bytes',
        ...(isKnown && {
          'x-amz-object-lock-mode': lock.mode,
          'x-amz-object-lock-retain-until-date': lock.until.toISOString(),
        }),
      },
      bytes,
    );
  }

  /** Who may not list a bucket is not told that a key is absent (API_GetObject, "Permissions"). */
  #found(bucket: Bucket, input: S3Input, caller: Caller) {
    try {
      return bucket.find(input.Key, input.versionId);
    } catch (error) {
      const isAbsent = error instanceof ServiceException && error.code === 'NoSuchKey';
      throw isAbsent && !this.#may(caller, checkList(bucket, {}, 'ListBucket'))
        ? accessDenied()
        : error;
    }
  }

  #delete(bucket: Bucket, input: S3Input): RestAnswer {
    const { Key: key, versionId, headers } = input;
    if (versionId !== undefined || !bucket.props.versioned) {
      const bypass = headers['x-amz-bypass-governance-retention'] === 'true';
      const id = versionId ?? 'null';
      const removed = bucket.remove(key, id, this.#props.clock.now(), bypass);
      const wasMarker = removed !== undefined && removed.object === undefined;
      return new RestAnswer(
        204,
        { 'x-amz-version-id': id, ...(wasMarker && { 'x-amz-delete-marker': 'true' }) },
        '',
      );
    }
    const marker: Version = {
      key,
      versionId: randomBytes(24).toString('base64url'),
      lastModified: this.#now(),
    };
    bucket.add(marker);
    return new RestAnswer(
      204,
      { 'x-amz-version-id': marker.versionId, 'x-amz-delete-marker': 'true' },
      '',
    );
  }

  #may(caller: Caller, checks: readonly AccessCheck[]): boolean {
    try {
      for (const check of checks) {
        this.#props.iam.authorize(caller, check);
      }
      return true;
    } catch {
      return false;
    }
  }

  #through(caller: Caller): Caller {
    return { ...caller, via: `s3.${this.#props.region}.amazonaws.com` };
  }

  /** S3 tells times by the second. */
  #now(): Date {
    return new Date(Math.floor(this.#props.clock.now().getTime() / 1000) * 1000);
  }
}

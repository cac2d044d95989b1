/** One bucket: its keys, their versions newest first, and what Object Lock says about deleting one. */
import type { PolicyDocument } from '../iam/policy.ts';
import { accessDenied, methodNotAllowed, noSuchKey, noSuchVersion } from './errors.ts';

export interface Retention {
  mode: 'GOVERNANCE' | 'COMPLIANCE';
  /** Days a new version is kept. */
  days: number;
}

export interface BucketProps {
  name: string;
  versioned: boolean;
  /** Absent: SSE-S3, which every bucket has since 2023. */
  encryption?: { kmsKeyId: string; bucketKey: boolean };
  objectLock?: { retention?: Retention };
  blockPublicPolicy: boolean;
}

export interface StoredObject {
  /** Under KMS as S3 keeps it; under SSE-S3 as it is, in memory only. */
  bytes: Buffer;
  size: number;
  etag: string;
  contentType: string;
  /** Header name → value, e.g. `x-amz-checksum-sha256`. */
  checksums: Readonly<Record<string, string>>;
  metadata: Readonly<Record<string, string>>;
  kms?: { keyId: string; bucketKey: boolean };
}

export interface Version {
  key: string;
  versionId: string;
  lastModified: Date;
  /** Absent: a delete marker. */
  object?: StoredObject;
  lock?: { mode: Retention['mode']; until: Date };
}

export class Bucket {
  props: BucketProps;
  policy: PolicyDocument | undefined;
  readonly #versions = new Map<string, Version[]>();

  constructor(props: BucketProps) {
    this.props = props;
  }

  get arn(): string {
    return `arn:aws:s3:::${this.props.name}`;
  }

  arnOf(key: string): string {
    return `${this.arn}/${key}`;
  }

  /** In the order of the keys' bytes, of each key the newest first. */
  versions(prefix: string): Version[] {
    return [...this.#versions.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap((key) => this.#versions.get(key) ?? []);
  }

  isLatest(version: Version): boolean {
    return this.#versions.get(version.key)?.[0] === version;
  }

  /** The newest version of a key that has one and is not deleted. */
  current(key: string): Version | undefined {
    const [newest] = this.#versions.get(key) ?? [];
    return newest?.object === undefined ? undefined : newest;
  }

  /** @throws NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker named by its id */
  find(key: string, versionId: string | undefined): Version & { object: StoredObject } {
    const version =
      versionId === undefined
        ? this.current(key)
        : this.#versions.get(key)?.find((other) => other.versionId === versionId);
    if (version === undefined) {
      throw versionId === undefined ? noSuchKey(key) : noSuchVersion(key, versionId);
    }
    if (version.object === undefined) {
      throw methodNotAllowed();
    }
    return { ...version, object: version.object };
  }

  add(version: Version): void {
    const older = this.props.versioned ? (this.#versions.get(version.key) ?? []) : [];
    this.#versions.set(version.key, [version, ...older]);
  }

  /**
   * For good; a version that is not there is as good as removed (API_DeleteObject).
   * @throws AccessDenied while Object Lock keeps it
   */
  remove(
    key: string,
    versionId: string,
    now: Date,
    bypassGovernance: boolean,
  ): Version | undefined {
    const versions = this.#versions.get(key) ?? [];
    const version = versions.find((other) => other.versionId === versionId);
    if (version?.lock !== undefined && version.lock.until > now) {
      if (version.lock.mode === 'COMPLIANCE' || !bypassGovernance) {
        throw accessDenied('Access Denied because object protected by object lock.');
      }
    }
    const left = versions.filter((other) => other !== version);
    if (left.length === 0) {
      this.#versions.delete(key);
    } else {
      this.#versions.set(key, left);
    }
    return version;
  }
}

/** An Allow to everybody on no condition is what Block Public Access refuses. */
export function grantsToEverybody({ Statement }: PolicyDocument): boolean {
  return [Statement].flat().some(({ Effect, Principal, Condition }) => {
    const named = typeof Principal === 'object' ? [Principal.AWS].flat() : [Principal];
    return Effect === 'Allow' && named.includes('*') && Condition === undefined;
  });
}

/**
 * The door to escrow: a bucket with Object Lock that holds a second copy of every value that was ever about
 * to be promoted, under a key of its own. `<prefix>/<version id>.json` is written once and never changed.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type EscrowCopy,
  EscrowDocumentError,
  escrowDocument,
  parseEscrowDocument,
} from '../domain/secrets/escrow-copy.ts';
import { AwsCallError, isAwsError } from './aws-call.ts';
import { type ObjectVersion, parseVersionsPage } from './object-versions.ts';
import { type BucketPlace, type S3Options, s3Requests } from './s3-requests.ts';

export interface EscrowPlace extends BucketPlace {
  /** The customer managed key of the bucket; its policy takes no object under another one. */
  keyArn: string;
  /** Of one secret: its role may touch what is below it, and nothing else. */
  prefix: string;
}

export interface EscrowDoor {
  /**
   * Stores the copy, reads it back and compares. May be repeated: a copy that is there already is compared.
   * @returns bytes of the document
   * @throws EscrowError
   */
  store(copy: EscrowCopy): Promise<{ bytes: number }>;
}

export interface EscrowReader {
  /** Every copy there is, also those behind a delete marker; newest first. @throws EscrowError */
  list(): Promise<StoredCopy[]>;
  /** @throws EscrowError */
  read(stored: StoredCopy): Promise<EscrowCopy & { bytes: number }>;
}

export interface StoredCopy {
  /** Of the secret. */
  versionId: string;
  /** Of the object in S3. */
  objectVersion: string;
  storedAt: Date;
}

/** What was found, what was expected, what to do; never a part of a value. */
export class EscrowError extends Error {
  override readonly name = 'EscrowError';
  readonly code = 'ERR_ROTATION_ESCROW';
}

const keyOf = ({ prefix }: EscrowPlace, versionId: string) => `${prefix}/${versionId}.json`;
const versionIdIn = (key: string) => /\/([A-Za-z0-9-]{32,64})\.json$/.exec(key)?.[1];

export function escrow(place: EscrowPlace, options?: S3Options): EscrowDoor & EscrowReader {
  const request = s3Requests(place, options);
  const get = (key: string, versionId?: string) =>
    request({ call: 'GetObject', method: 'GET', key, query: versionId ? { versionId } : {} });

  async function create(key: string, body: Buffer): Promise<void> {
    try {
      await request({
        call: 'PutObject',
        method: 'PUT',
        key,
        body,
        headers: {
          'content-type': 'application/json',
          'if-none-match': '*',
          'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
          'x-amz-server-side-encryption': 'aws:kms',
          'x-amz-server-side-encryption-aws-kms-key-id': place.keyArn,
        },
      });
    } catch (error) {
      // There already: of an earlier run, or of this one whose answer was lost. It is compared below.
      if (!isAwsError(error, 'PreconditionFailed')) {
        throw error;
      }
    }
  }

  return {
    async store(copy) {
      const key = keyOf(place, copy.versionId);
      const body = Buffer.from(escrowDocument(copy));
      const what = `version ${copy.versionId} of ${copy.secretName}`;
      const stored = await told(
        `The copy of ${what} could not be stored and read back`,
        async () => {
          await create(key, body);
          return get(key);
        },
      );
      if (!sameBytes(stored, body)) {
        throw new EscrowError(
          `The copy of ${what} in escrow differs from its value (found ${stored.length} bytes, expected ${body.length}, the same); the version is not promoted. Find out who wrote ${key} of bucket ${place.bucket}, then start a new rotation.`,
        );
      }
      return { bytes: body.length };
    },

    list: () =>
      told('The copies in escrow could not be listed', async () => {
        const found: StoredCopy[] = [];
        let marker: Record<string, string> | undefined = {};
        while (marker !== undefined) {
          const query = { versions: '', prefix: `${place.prefix}/`, ...marker };
          const answer = await request({ call: 'ListObjectVersions', method: 'GET', query });
          const page = parseVersionsPage(answer.toString('utf8'));
          found.push(...page.versions.flatMap(copyOf));
          marker = page.next;
        }
        return found.sort((a, b) => b.storedAt.getTime() - a.storedAt.getTime());
      }),

    read: ({ versionId, objectVersion }) =>
      told(`The copy of version ${versionId} could not be read`, async () => {
        const bytes = await get(keyOf(place, versionId), objectVersion);
        return { ...parseEscrowDocument(bytes.toString('utf8')), bytes: bytes.length };
      }),
  };
}

function copyOf({ key, objectVersion, lastModified }: ObjectVersion): StoredCopy[] {
  const versionId = versionIdIn(key);
  return versionId === undefined ? [] : [{ versionId, objectVersion, storedAt: lastModified }];
}

async function told<T>(failed: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AwsCallError || error instanceof EscrowDocumentError) {
      throw new EscrowError(
        `${failed}: ${error.message}. Expected bucket, key and role as the stack deploys them; see docs/escrow.md, then try again.`,
      );
    }
    throw error;
  }
}

/** In constant time, whatever the lengths are. */
function sameBytes(a: Buffer, b: Buffer): boolean {
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  return timingSafeEqual(digest(a), digest(b));
}

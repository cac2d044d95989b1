/** The two listings of a bucket, page by page. */
import type { RestAnswer } from '../protocols.ts';
import type { Bucket, Version } from './bucket.ts';
import { encodedName, maximumKeys, type S3Input } from './input.ts';
import { xmlAnswer } from './xml.ts';

export function listObjects(bucket: Bucket, input: S3Input): RestAnswer {
  const maximum = maximumKeys(input);
  const token = input['continuation-token'];
  const after =
    token === undefined ? input['start-after'] : Buffer.from(token, 'base64url').toString();
  const all = bucket
    .versions(input.prefix ?? '')
    .filter((version) => version.object !== undefined && bucket.isLatest(version))
    .filter(({ key }) => after === undefined || isAfter(key, after));
  const page = all.slice(0, maximum);
  const isTruncated = all.length > page.length;
  const last = page.at(-1)?.key ?? '';
  return xmlAnswer('ListBucketResult', {
    Name: bucket.props.name,
    Prefix: encodedName(input, input.prefix ?? ''),
    ...(token !== undefined && { ContinuationToken: token }),
    ...(isTruncated && { NextContinuationToken: Buffer.from(last).toString('base64url') }),
    KeyCount: page.length,
    MaxKeys: maximum,
    ...(input['encoding-type'] && { EncodingType: input['encoding-type'] }),
    IsTruncated: isTruncated,
    Contents: page.map((version) => described(input, version)),
  });
}

export function listVersions(bucket: Bucket, input: S3Input): RestAnswer {
  const maximum = maximumKeys(input);
  const everything = bucket.versions(input.prefix ?? '');
  const all = everything.slice(firstAfter(everything, input));
  const page = all.slice(0, maximum);
  const isTruncated = all.length > page.length;
  const last = page.at(-1);
  const entry = (version: Version) => ({
    ...described(input, version),
    VersionId: version.versionId,
    IsLatest: bucket.isLatest(version),
  });
  return xmlAnswer('ListVersionsResult', {
    Name: bucket.props.name,
    Prefix: encodedName(input, input.prefix ?? ''),
    KeyMarker: encodedName(input, input['key-marker'] ?? ''),
    VersionIdMarker: input['version-id-marker'] ?? '',
    ...(isTruncated &&
      last && {
        NextKeyMarker: encodedName(input, last.key),
        NextVersionIdMarker: last.versionId,
      }),
    MaxKeys: maximum,
    ...(input['encoding-type'] && { EncodingType: input['encoding-type'] }),
    IsTruncated: isTruncated,
    Version: page.filter(({ object }) => object !== undefined).map(entry),
    DeleteMarker: page.filter(({ object }) => object === undefined).map(entry),
  });
}

/** The markers name the last entry of the page before; a key marker alone, every version of that key. */
function firstAfter(versions: readonly Version[], input: S3Input): number {
  const { 'key-marker': key, 'version-id-marker': versionId } = input;
  if (key === undefined || key === '') {
    return 0;
  }
  const at = versions.findIndex((other) => other.key === key && other.versionId === versionId);
  if (at >= 0) {
    return at + 1;
  }
  const first = versions.findIndex((other) => isAfter(other.key, key));
  return first < 0 ? versions.length : first;
}

const isAfter = (key: string, other: string) =>
  Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;

function described(input: S3Input, { key, lastModified, object }: Version) {
  return {
    Key: encodedName(input, key),
    LastModified: lastModified,
    ...(object && { ETag: object.etag, Size: object.size, StorageClass: 'STANDARD' }),
  };
}

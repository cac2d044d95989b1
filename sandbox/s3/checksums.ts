/**
 * The checksums a request claims about its body. A bucket with a default retention takes no object
 * without one (AmazonS3/latest/userguide/object-lock.html, "Put Object requests").
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { badDigest, invalidRequest, notSimulated } from './errors.ts';

const header = /^x-amz-checksum-(?!mode$|algorithm$)(.+)$/;

const algorithms: Readonly<Record<string, (body: Buffer) => string>> = {
  crc32(body) {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return sum.toString('base64');
  },
  sha1: (body) => createHash('sha1').update(body).digest('base64'),
  sha256: (body) => createHash('sha256').update(body).digest('base64'),
};

/** @throws BadDigest, InvalidRequest when `required` and there is none */
export function checkedSums(
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  required: boolean,
): Record<string, string> {
  const claimed = Object.entries(headers).filter(([name]) => header.test(name));
  for (const [name, value] of claimed) {
    const algorithm = header.exec(name)?.[1] ?? '';
    const sum = algorithms[algorithm]?.(body);
    if (sum === undefined) {
      throw notSimulated(`checksum ${algorithm}`);
    }
    if (sum !== value) {
      throw badDigest(algorithm.toUpperCase());
    }
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64')) {
    throw badDigest('Content-MD5');
  }
  if (required && claimed.length === 0 && md5 === undefined) {
    throw invalidRequest(
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  }
  return Object.fromEntries(claimed);
}

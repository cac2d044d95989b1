/** A request as the router read it: names as S3 writes them in its URLs. */
import { invalidArgument, notSimulated } from './errors.ts';

export interface S3Input {
  Bucket: string;
  Key: string;
  Body: Buffer;
  headers: Readonly<Record<string, string>>;
  versionId?: string;
  prefix?: string;
  'max-keys'?: string;
  'continuation-token'?: string;
  'start-after'?: string;
  'key-marker'?: string;
  'version-id-marker'?: string;
  'encoding-type'?: string;
  delimiter?: string;
}

export const s3Input = (input: Record<string, unknown>): S3Input => input as unknown as S3Input;

/** At most 1,000 a page (API_ListObjectVersions). @throws InvalidArgument */
export function maximumKeys(input: S3Input): number {
  if (input.delimiter !== undefined && input.delimiter !== '') {
    throw notSimulated('a delimiter in a listing');
  }
  const text = input['max-keys'] ?? '1000';
  if (!/^\d{1,9}$/.test(text)) {
    throw invalidArgument('Provided max-keys not an integer or within integer range', 'max-keys');
  }
  return Math.min(1000, Number(text));
}

/** With `encoding-type=url` names are sent percent-encoded: XML cannot hold every character of a key. */
export const encodedName = (input: S3Input, name: string): string =>
  input['encoding-type'] === 'url' ? encodeURIComponent(name).replaceAll('%2F', '/') : name;

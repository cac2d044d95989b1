/** The answer of ListObjectVersions, as far as it names versions (API_ListObjectVersions). */
import { AwsCallError } from './aws-call.ts';

export interface ObjectVersion {
  key: string;
  /** Of the object in S3. */
  objectVersion: string;
  lastModified: Date;
}

export interface VersionsPage {
  /** Delete markers are none of them: what is behind one is there all the same. */
  versions: ObjectVersion[];
  next?: { 'key-marker': string; 'version-id-marker': string };
}

/** Keys are letters, digits, `-`, `.` and `/`, which XML writes as they are; no other key is asked for. */
export function parseVersionsPage(xml: string): VersionsPage {
  if (!/<ListVersionsResult[\s>]/.test(xml)) {
    throw new AwsCallError(
      'ListObjectVersions',
      'InvalidAnswer',
      'the answer is no list of versions',
    );
  }
  const versions = [...xml.matchAll(/<Version>(.*?)<\/Version>/gs)].map(([, entry = '']) => ({
    key: textOf(entry, 'Key'),
    objectVersion: textOf(entry, 'VersionId'),
    lastModified: dateOf(entry, 'LastModified'),
  }));
  if (textOf(xml, 'IsTruncated') !== 'true') {
    return { versions };
  }
  return {
    versions,
    next: {
      'key-marker': textOf(xml, 'NextKeyMarker'),
      'version-id-marker': textOf(xml, 'NextVersionIdMarker'),
    },
  };
}

function textOf(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  if (text === undefined) {
    throw new AwsCallError('ListObjectVersions', 'InvalidAnswer', `the answer has no ${name}`);
  }
  return text;
}

function dateOf(xml: string, name: string): Date {
  const date = new Date(textOf(xml, name));
  if (Number.isNaN(date.getTime())) {
    throw new AwsCallError(
      'ListObjectVersions',
      'InvalidAnswer',
      `${name} of a version is no date`,
    );
  }
  return date;
}

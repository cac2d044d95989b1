/** Workgroups: where results are written, how they are encrypted, and how much a query may read. */
import type { Place } from './objects.ts';
import { placeOf } from './objects.ts';

export interface ResultConfiguration {
  OutputLocation?: string | undefined;
  EncryptionConfiguration?: { EncryptionOption: string; KmsKey?: string | undefined } | undefined;
  ExpectedBucketOwner?: string | undefined;
}

export interface WorkGroup {
  name: string;
  description?: string | undefined;
  enabled: boolean;
  /** What it says of results counts, whatever a request says. */
  enforced: boolean;
  results: ResultConfiguration;
  /** Athena keeps results itself, for a day, and only GetQueryResults reads them (athena/latest/ug/managed-results.html). */
  managed?: boolean | undefined;
  /** Bytes a query may read. */
  cutoff?: number | undefined;
  createdAt: Date;
}

/** Where a query of this group writes: nowhere means that it has to be said. @throws TypeError */
export function outputOf(
  { enforced, results }: WorkGroup,
  asked: ResultConfiguration,
): { folder: Place; url: string; results: ResultConfiguration } | undefined {
  const used = enforced || asked.OutputLocation === undefined ? { ...asked, ...results } : asked;
  const location = used.OutputLocation;
  if (location === undefined) {
    return undefined;
  }
  const url = location.endsWith('/') ? location : `${location}/`;
  return { folder: placeOf(url), url, results: used };
}

/** Headers of the object that holds results. */
export function sealingHeaders({ EncryptionConfiguration }: ResultConfiguration) {
  const { EncryptionOption: option, KmsKey } = EncryptionConfiguration ?? {};
  if (option === 'SSE_KMS') {
    return {
      'x-amz-server-side-encryption': 'aws:kms',
      ...(KmsKey !== undefined && { 'x-amz-server-side-encryption-aws-kms-key-id': KmsKey }),
    };
  }
  return option === 'SSE_S3' ? { 'x-amz-server-side-encryption': 'AES256' } : {};
}

/**
 * S3's REST API: which operation a request is. A sub-resource or header that changes the meaning of a
 * request and is not known here makes it another request, which is refused by name.
 */
import { type RestRequest, ServiceException } from '../service.ts';
import { notSimulated } from './errors.ts';

interface Addressed {
  Bucket: string;
  Key: string;
}

/** Path style (`/bucket/key`), or virtual-hosted (`bucket.localhost`). */
function addressed({ path, headers }: RestRequest): Addressed {
  const [, virtual] =
    /^([a-z0-9][a-z0-9-]{1,61}[a-z0-9])\.localhost(:\d+)?$/.exec(headers.host ?? '') ?? [];
  const rest = path.slice(1);
  const slash = rest.indexOf('/');
  const [Bucket, key] =
    virtual !== undefined
      ? [virtual, rest]
      : slash < 0
        ? [rest, '']
        : [rest.slice(0, slash), rest.slice(slash + 1)];
  try {
    return { Bucket, Key: decodeURIComponent(key) };
  } catch {
    throw new ServiceException('InvalidURI', "Couldn't parse the specified URI.", 400);
  }
}

const ofObject: Readonly<Record<string, string>> = {
  'PUT ': 'PutObject',
  'GET ': 'GetObject',
  'HEAD ': 'HeadObject',
  'DELETE ': 'DeleteObject',
  'GET retention': 'GetObjectRetention',
};
const ofBucket: Readonly<Record<string, string>> = {
  'GET list-type': 'ListObjectsV2',
  'GET versions': 'ListObjectVersions',
};

const subResources = ['retention', 'versions', 'list-type'];
const parameters = new Set([
  ...['x-id', 'versionId', 'prefix', 'max-keys', 'encoding-type', 'fetch-owner'],
  ...['continuation-token', 'start-after', 'key-marker', 'version-id-marker', 'delimiter'],
]);

/** They would change what is stored or answered. */
const unknownHeaders =
  /^(range|if-(match|modified-since|unmodified-since)|x-amz-(copy-source.*|acl|grant-.*|tagging|object-lock-.*|server-side-encryption-(customer-.*|context)|storage-class|website-.*|write-offset-bytes|mfa))$/;

export function routeS3(
  request: RestRequest,
): { operation: string; input: Record<string, unknown> } | undefined {
  const place = addressed(request);
  const queried = [...request.query.keys()];
  const sub = queried.find((name) => subResources.includes(name)) ?? '';
  const table = place.Key === '' ? ofBucket : ofObject;
  const operation = table[`${request.method} ${sub}`];
  const strange = queried.find((name) => !parameters.has(name) && !subResources.includes(name));
  const header = Object.keys(request.headers).find((name) => unknownHeaders.test(name));
  if (place.Bucket === '' || operation === undefined || strange !== undefined) {
    return undefined;
  }
  if (header !== undefined) {
    throw notSimulated(`header ${header} of ${operation}`);
  }
  return {
    operation,
    input: {
      ...place,
      ...Object.fromEntries(request.query),
      headers: request.headers,
      ...(operation === 'PutObject' && { Body: request.body }),
    },
  };
}

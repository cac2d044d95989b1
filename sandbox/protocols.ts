/**
 * The wire protocols of AWS: how an input is read, and an output or an error written.
 * Shapes: Smithy's "AWS JSON 1.0/1.1", "AWS query", "AWS restJson1" and "RPC v2 CBOR" protocol pages.
 */
import { CborError, decodeCbor, encodeCbor } from './cbor.ts';
import type { AwsService, RestRequest } from './service.ts';
import { ServiceException } from './service.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/** What a rest-json operation returns when status, headers or a raw body carry meaning (Invoke). */
export class RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;

  constructor(status: number, headers: Record<string, string>, body: string | Buffer) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

export interface Called {
  operation: string;
  input: Record<string, unknown>;
}

export type Protocol = AwsService['protocol'] | 'rpc-v2-cbor';

/** Some services speak two: CloudWatch JSON with the SDK, CBOR with the `aws` command. */
export function protocolOf(service: AwsService, { headers }: RestRequest): Protocol {
  return service.targetPrefix !== undefined && headers['smithy-protocol'] === 'rpc-v2-cbor'
    ? 'rpc-v2-cbor'
    : service.protocol;
}

/** The protocol of a request to a service that the sandbox does not have. */
export function guessProtocol({ headers }: RestRequest): Protocol {
  if (headers['x-amz-target'] !== undefined) {
    return headers['content-type']?.includes('json-1.0') ? 'json-1.0' : 'json-1.1';
  }
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    ? 'query'
    : 'rest-json';
}

/** @throws ServiceException UnknownOperationException, SerializationException */
export function readCall(service: AwsService, request: RestRequest): Called {
  switch (protocolOf(service, request)) {
    case 'rpc-v2-cbor': {
      const [, prefix, operation = ''] =
        /^\/service\/([^/]+)\/operation\/([^/]+)$/.exec(request.path) ?? [];
      if (prefix !== service.targetPrefix) {
        throw new ServiceException('UnknownOperationException', '');
      }
      return { operation, input: readCbor(request.body) };
    }
    case 'rest-json':
    case 'rest-xml': {
      const found = service.route?.(request);
      return found ?? { operation: `${request.method} ${request.path}`, input: {} };
    }
    case 'query': {
      const {
        Action = '',
        Version: _,
        ...input
      } = Object.fromEntries(new URLSearchParams(request.body.toString('utf8')));
      return { operation: Action, input };
    }
    default: {
      const [prefix, operation] = splitAtLastDot(request.headers['x-amz-target'] ?? '');
      // The `aws` command puts the model's namespace in front (com.amazonaws.cloudtrail.v20131101.…), the SDKs do not.
      const own = prefix === service.targetPrefix || prefix.endsWith(`.${service.targetPrefix}`);
      if (operation === '' || service.targetPrefix === undefined || !own) {
        throw new ServiceException('UnknownOperationException', '');
      }
      return { operation, input: readJson(request.body) };
    }
  }
}

function splitAtLastDot(target: string): [string, string] {
  const dot = target.lastIndexOf('.');
  return dot < 0 ? ['', ''] : [target.slice(0, dot), target.slice(dot + 1)];
}

export function readJson(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ServiceException('SerializationException', 'The body is not a JSON object.');
  }
  return value as Record<string, unknown>;
}

function readCbor(body: Buffer): Record<string, unknown> {
  try {
    return (body.length === 0 ? {} : decodeCbor(body)) as Record<string, unknown>;
  } catch (error) {
    throw error instanceof CborError
      ? new ServiceException('SerializationException', error.message)
      : error;
  }
}

const XMLNS: Readonly<Record<string, string>> = {
  cloudformation: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
};

export function writeOutput(
  protocol: Protocol,
  service: string,
  operation: string,
  output: unknown,
  requestId: string,
): Answer {
  if (output instanceof RestAnswer) {
    const headers = { [requestIdHeader(protocol)]: requestId, ...output.headers };
    return { status: output.status, headers, body: output.body };
  }
  if (protocol === 'query') {
    const result = output === undefined ? '' : toXml(`${operation}Result`, toWire(output));
    const body =
      `<${operation}Response xmlns="${XMLNS[service] ?? ''}">${result}` +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`;
    return { status: 200, headers: xmlHeaders(requestId), body };
  }
  if (protocol === 'rpc-v2-cbor') {
    return { status: 200, headers: cborHeaders(requestId), body: encodeCbor(output ?? {}) };
  }
  const body = output === undefined ? '' : JSON.stringify(toWire(output));
  return { status: 200, headers: jsonHeaders(protocol, requestId), body };
}

export function writeError(
  protocol: Protocol,
  service: string,
  error: ServiceException,
  requestId: string,
): Answer {
  if (protocol === 'query') {
    const code = QUERY_CODES[error.code] ?? error.code;
    const status = code === error.code ? error.status : 403;
    const fault = {
      Type: status < 500 ? 'Sender' : 'Receiver',
      Code: code,
      Message: error.message,
    };
    const body =
      `<ErrorResponse xmlns="${XMLNS[service] ?? ''}">${toXml('Error', fault)}` +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`;
    return { status, headers: xmlHeaders(requestId), body };
  }
  if (protocol === 'rest-xml') {
    return writeS3Error(error, requestId);
  }
  if (protocol === 'rpc-v2-cbor') {
    const body = encodeCbor({ __type: error.code, message: error.message, ...error.members });
    return { status: error.status, headers: cborHeaders(requestId), body };
  }
  const headers = jsonHeaders(protocol, requestId);
  if (protocol === 'rest-json') {
    const status = REST_STATUS[error.code] ?? error.status;
    const body = JSON.stringify({ Message: error.message, ...error.members });
    return { status, headers: { ...headers, 'x-amzn-ErrorType': error.code }, body };
  }
  const message = service === 'secretsmanager' ? 'Message' : 'message';
  const type = service === 'dynamodb' ? `${dynamoNamespace(error.code)}#${error.code}` : error.code;
  const body = JSON.stringify({ __type: type, [message]: error.message, ...error.members });
  return { status: error.status, headers, body };
}

/** S3's errors stand alone, without a wrapper (AmazonS3/latest/API/ErrorResponses.html). */
function writeS3Error(error: ServiceException, requestId: string): Answer {
  const Code = S3_CODES[error.code] ?? error.code;
  const status = Code === error.code ? error.status : 403;
  const fault = { Code, Message: error.message, ...error.members, RequestId: requestId };
  const headers = { 'content-type': 'application/xml', 'x-amz-request-id': requestId };
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${toXml('Error', fault)}`;
  return { status, headers, body };
}

const S3_CODES: Readonly<Record<string, string>> = {
  UnrecognizedClientException: 'InvalidAccessKeyId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MissingAuthenticationTokenException: 'AccessDenied',
  IncompleteSignatureException: 'AuthorizationHeaderMalformed',
  AccessDeniedException: 'AccessDenied',
  ExpiredTokenException: 'ExpiredToken',
};

const requestIdHeader = (protocol: Protocol): string =>
  protocol === 'rest-xml' ? 'x-amz-request-id' : 'x-amzn-RequestId';

/** The query protocol has names of its own for what the JSON protocols call …Exception. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  UnrecognizedClientException: 'InvalidClientTokenId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  IncompleteSignatureException: 'IncompleteSignature',
  AccessDeniedException: 'AccessDenied',
  ExpiredTokenException: 'ExpiredToken',
};

const REST_STATUS: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  UnrecognizedClientException: 403,
  InvalidSignatureException: 403,
};

const COMMON_ERRORS = /^(AccessDenied|UnrecognizedClient|InvalidSignature|MissingAuth|Incomplete)/;

function dynamoNamespace(code: string): string {
  return COMMON_ERRORS.test(code) ? 'com.amazon.coral.service' : 'com.amazonaws.dynamodb.v20120810';
}

function jsonHeaders(protocol: Protocol, requestId: string): Record<string, string> {
  const type = protocol === 'rest-json' ? 'application/json' : `application/x-amz-${protocol}`;
  return { 'content-type': type, 'x-amzn-RequestId': requestId };
}

function cborHeaders(requestId: string): Record<string, string> {
  return {
    'content-type': 'application/cbor',
    'smithy-protocol': 'rpc-v2-cbor',
    'x-amzn-RequestId': requestId,
  };
}

function xmlHeaders(requestId: string): Record<string, string> {
  return { 'content-type': 'text/xml', 'x-amzn-RequestId': requestId };
}

/** Dates as epoch seconds, bytes as base64, absent members left out. */
function toWire(value: unknown): unknown {
  if (value instanceof Map) {
    return value;
  }
  if (value instanceof Date) {
    return value.getTime() / 1000;
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString('base64');
  }
  if (Array.isArray(value)) {
    return value.map(toWire);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toWire(member)]));
  }
  return value;
}

function toXml(name: string, value: unknown): string {
  if (value === undefined || value === null) {
    return '';
  }
  if (Array.isArray(value)) {
    return `<${name}>${value.map((member) => toXml('member', member)).join('')}</${name}>`;
  }
  // A Map is a map of the model; an object is a structure.
  if (value instanceof Map) {
    const entries = [...value].map(([key, member]) => toXml('entry', { key, value: member }));
    return `<${name}>${entries.join('')}</${name}>`;
  }
  const content =
    typeof value === 'object'
      ? Object.entries(value)
          .map(([key, member]) => toXml(key, member))
          .join('')
      : escapeXml(String(value));
  return `<${name}>${content}</${name}>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

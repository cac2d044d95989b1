/**
 * LookupEvents: the last ninety days of one region's management events, newest first.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
import { createHash } from 'node:crypto';
import { ServiceException } from '../service.ts';
import { userNameOf } from './identity.ts';
import type { CloudTrailRecord } from './record.ts';

const DAYS_90 = 90 * 86_400_000;

/** Attribute → what it is of a record. */
const ATTRIBUTES: Readonly<Record<string, (record: CloudTrailRecord) => readonly unknown[]>> = {
  AccessKeyId: ({ userIdentity }) => [userIdentity.accessKeyId],
  EventId: ({ eventID }) => [eventID],
  EventName: ({ eventName }) => [eventName],
  EventSource: ({ eventSource }) => [eventSource],
  ReadOnly: ({ readOnly }) => [String(readOnly)],
  ResourceName: ({ resources = [] }) => resources.map(({ ARN }) => ARN),
  ResourceType: ({ resources = [] }) => resources.map(({ type }) => type),
  Username: ({ userIdentity }) => [userNameOf(userIdentity)],
};

interface Position {
  /** Index in the journal: a token stays right while newer records come in. */
  index: number;
  time: string;
}

export interface Lookup {
  account: string;
  region: string;
  now: Date;
  /** Not yet visible: younger than this. */
  delayMilliseconds: number;
  records: readonly CloudTrailRecord[];
}

/** @throws ServiceException as API_LookupEvents lists them */
export function lookupEvents(
  input: Readonly<Record<string, unknown>>,
  { account, region, now, delayMilliseconds, records }: Lookup,
): Record<string, unknown> {
  const maximum = maximumOf(input);
  const wanted = attributeOf(input);
  const [from, to] = rangeOf(input, now);
  const { MaxResults: _, NextToken: token, ...asked } = input;
  const question = createHash('sha256').update(JSON.stringify(asked)).digest('base64url');
  const after = token === undefined ? undefined : positionOf(String(token), question);
  const found = records
    .map((record, index) => ({ record, index, time: record.eventTime }))
    .filter(({ record, time, ...position }) => {
      const at = Date.parse(time);
      return (
        record.awsRegion === region &&
        record.recipientAccountId === account &&
        record.managementEvent &&
        at >= Math.max(from, now.getTime() - DAYS_90) &&
        at <= to &&
        at + delayMilliseconds <= now.getTime() &&
        wanted(record) &&
        (after === undefined || newestFirst(after, { ...position, time }) < 0)
      );
    })
    .sort(newestFirst);
  const page = found.slice(0, maximum);
  const last = page.at(-1);
  return {
    Events: page.map(({ record }) => described(record)),
    ...(found.length > page.length && last && { NextToken: tokenOf(last, question) }),
  };
}

const newestFirst = (a: Position, b: Position): number =>
  Date.parse(b.time) - Date.parse(a.time) || b.index - a.index;

function described(record: CloudTrailRecord): Record<string, unknown> {
  const { userIdentity, resources = [] } = record;
  return {
    EventId: record.eventID,
    EventName: record.eventName,
    ReadOnly: String(record.readOnly),
    AccessKeyId: userIdentity.accessKeyId,
    EventTime: new Date(record.eventTime),
    EventSource: record.eventSource,
    Username: userNameOf(userIdentity),
    Resources: resources.map(({ ARN, type }) => ({ ResourceType: type, ResourceName: ARN })),
    CloudTrailEvent: JSON.stringify(record),
  };
}

function maximumOf({ MaxResults = 50 }: Readonly<Record<string, unknown>>): number {
  if (!Number.isInteger(MaxResults) || Number(MaxResults) < 1 || Number(MaxResults) > 50) {
    throw new ServiceException(
      'InvalidMaxResultsException',
      'This exception is thrown if the limit specified is invalid: MaxResults is 1 to 50.',
    );
  }
  return Number(MaxResults);
}

function attributeOf({
  LookupAttributes: attributes = [],
  EventCategory: category,
}: Readonly<Record<string, unknown>>): (record: CloudTrailRecord) => boolean {
  if (category !== undefined) {
    throw new ServiceException('NotSimulatedException', 'Insights events are not simulated.', 501);
  }
  const [attribute, ...more] = attributes as { AttributeKey?: string; AttributeValue?: string }[];
  if (attribute === undefined) {
    return () => true;
  }
  const { AttributeKey: key = '', AttributeValue: value } = attribute;
  const read = Object.hasOwn(ATTRIBUTES, key) ? ATTRIBUTES[key] : undefined;
  if (more.length > 0 || read === undefined || typeof value !== 'string' || value === '') {
    throw new ServiceException(
      'InvalidLookupAttributesException',
      more.length > 0
        ? 'You can specify only one lookup attribute.'
        : `Lookup attribute ${key} is not valid, or has no value.`,
    );
  }
  return (record) => read(record).includes(value);
}

function rangeOf(
  { StartTime, EndTime }: Readonly<Record<string, unknown>>,
  now: Date,
): readonly [number, number] {
  const from = StartTime === undefined ? 0 : Number(StartTime) * 1000;
  const to = EndTime === undefined ? now.getTime() : Number(EndTime) * 1000;
  if (Number.isNaN(from) || Number.isNaN(to) || from > to) {
    throw new ServiceException(
      'InvalidTimeRangeException',
      'The start time occurs after the end time, or a time is not one.',
    );
  }
  return [from, to];
}

const tokenOf = ({ index, time }: Position, question: string): string =>
  Buffer.from(JSON.stringify([index, time, question])).toString('base64url');

/** "A token that was previously used in a request with different parameters" is refused. */
function positionOf(token: string, question: string): Position {
  try {
    const [index, time, asked] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (asked === question && Number.isInteger(index) && !Number.isNaN(Date.parse(time))) {
      return { index, time };
    }
  } catch {
    // Refused below.
  }
  throw new ServiceException(
    'InvalidNextTokenException',
    'The token is invalid, or was used in a request with different parameters.',
  );
}

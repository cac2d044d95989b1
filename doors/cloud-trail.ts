/**
 * The door to CloudTrail's event history: management events of the last 90 days, 50 at a time, the newest first.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import { readAs } from '../domain/events/read-as.ts';
import type { Sighting } from '../domain/policy/readers/sighting.ts';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';

export interface LookupRequest {
  readonly region: string;
  /** One, "Currently the list can contain only one item". */
  readonly attribute: { readonly key: 'EventName' | 'ResourceName'; readonly value: string };
  readonly from: Date;
  readonly to: Date;
  /** Of the page before, for the same request. */
  readonly token?: string | undefined;
}

export interface LookupPage {
  /** Those of its records that read values of secrets, or decrypted some. */
  readonly sightings: readonly Sighting[];
  /** All of its records. */
  readonly records: number;
  /** Of all of its records; absent: it has none. */
  readonly oldest?: Date | undefined;
  /** Absent: there is no more. */
  readonly token?: string | undefined;
}

export interface CloudTrailDoor {
  /**
   * @returns 'throttled': two requests a second, per account and region, whoever makes them; 'ended': the token is not
   *   taken any more
   * @throws AwsCallError
   */
  lookup(request: LookupRequest): Promise<LookupPage | 'throttled' | 'ended'>;
}

/** @param clientOf the client of a region: each has a history of its own */
export function cloudTrail(
  // The caller paces itself: the SDK's own attempts would use up what the account has in a second.
  clientOf = (region: string) =>
    new CloudTrailClient({ ...clientDefaults, maxAttempts: 2, region }),
): CloudTrailDoor {
  const clients = new Map<string, CloudTrailClient>();
  return {
    async lookup({ region, attribute, from, to, token }) {
      const client = clients.get(region) ?? clientOf(region);
      clients.set(region, client);
      try {
        const page = await awsCall('LookupEvents', () =>
          client.send(
            new LookupEventsCommand({
              LookupAttributes: [{ AttributeKey: attribute.key, AttributeValue: attribute.value }],
              StartTime: from,
              EndTime: to,
              MaxResults: 50,
              ...(token !== undefined && { NextToken: token }),
            }),
          ),
        );
        const events = page.Events ?? [];
        const times = events.flatMap(({ EventTime }) => EventTime?.getTime() ?? []);
        return {
          sightings: events.flatMap(({ CloudTrailEvent: text }) => sightingOf(text ?? '') ?? []),
          records: events.length,
          ...(times.length > 0 && { oldest: new Date(Math.min(...times)) }),
          ...(page.NextToken && { token: page.NextToken }),
        };
      } catch (error) {
        if (isAwsError(error, 'ThrottlingException', 'TooManyRequestsException')) {
          return 'throttled';
        }
        if (token !== undefined && isAwsError(error, 'InvalidNextTokenException')) return 'ended';
        throw error;
      }
    },
  };
}

const text = z.string().nullish().catch(undefined);
/** What a record says that is of use here; whatever else is in it was written by callers, too. */
const recordSchema = z.object({
  eventSource: z.string(),
  eventName: z.string(),
  eventTime: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  awsRegion: z.string(),
  sourceIPAddress: text,
  userAgent: text,
  errorCode: text,
  userIdentity: z
    .object({
      type: text,
      arn: text,
      principalId: text,
      accountId: text,
      invokedBy: text,
      sessionContext: z
        .object({ sessionIssuer: z.object({ arn: text }).nullish().catch(undefined) })
        .nullish()
        .catch(undefined),
    })
    .nullish()
    .catch(undefined),
  requestParameters: z
    .object({
      secretId: text,
      secretIdList: z.array(z.string()).max(100).nullish().catch(undefined),
      encryptionContext: z.record(z.string(), z.string()).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
});
type TrailRecord = z.infer<typeof recordSchema>;

/**
 * @param record JSON of one record, as files of a trail and `CloudTrailEvent` hold it
 * @returns undefined for one that reads no secret, and for what is no record
 */
export function sightingOf(record: string): Sighting | undefined {
  let json: unknown;
  try {
    json = JSON.parse(record);
  } catch {
    return undefined;
  }
  const parsed = readAs(recordSchema, json);
  if (!parsed.success) return undefined;
  const about = subjectOf(parsed.data);
  if (about === undefined) return undefined;
  const { userIdentity, eventTime, awsRegion, errorCode, sourceIPAddress, userAgent } = parsed.data;
  return {
    ...about,
    identity: {
      type: userIdentity?.type ?? 'Unknown',
      arn: userIdentity?.arn ?? undefined,
      issuer: userIdentity?.sessionContext?.sessionIssuer?.arn ?? undefined,
      principalId: userIdentity?.principalId ?? undefined,
      account: userIdentity?.accountId ?? undefined,
      invokedBy: userIdentity?.invokedBy ?? undefined,
    },
    refused: Boolean(errorCode),
    address: sourceIPAddress ?? 'not told',
    userAgent: userAgent ?? 'not told',
    region: awsRegion,
    count: 1,
    firstAt: eventTime,
    lastAt: eventTime,
  };
}

function subjectOf({
  eventSource,
  eventName,
  requestParameters: asked,
}: TrailRecord): Pick<Sighting, 'kind' | 'secrets' | 'versionId'> | undefined {
  switch (`${eventSource} ${eventName}`) {
    case 'secretsmanager.amazonaws.com GetSecretValue':
      return { kind: 'read', secrets: asked?.secretId ? [asked.secretId] : [] };
    case 'secretsmanager.amazonaws.com BatchGetSecretValue':
      return { kind: 'batch', secrets: asked?.secretIdList ?? [] };
    case 'kms.amazonaws.com Decrypt': {
      const { SecretARN, SecretVersionId } = asked?.encryptionContext ?? {};
      return { kind: 'decrypt', secrets: SecretARN ? [SecretARN] : [], versionId: SecretVersionId };
    }
    default:
      return undefined;
  }
}

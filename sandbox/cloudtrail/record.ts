/**
 * One record of CloudTrail, as it stands in its log files and in LookupEvents.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */

export interface UserIdentity {
  type: string;
  principalId?: string;
  arn?: string;
  accountId?: string;
  accessKeyId?: string;
  userName?: string;
  sessionContext?: {
    sessionIssuer?: {
      type: string;
      principalId: string;
      arn: string;
      accountId: string;
      userName: string;
    };
    attributes?: { creationDate: string; mfaAuthenticated: string };
  };
  /** The service that made the call for its caller. */
  invokedBy?: string;
}

export interface TouchedResource {
  ARN: string;
  accountId?: string;
  type?: string;
}

export interface CloudTrailRecord {
  eventVersion: string;
  userIdentity: UserIdentity;
  /** ISO 8601, UTC, whole seconds. */
  eventTime: string;
  eventSource: string;
  eventName: string;
  awsRegion: string;
  sourceIPAddress: string;
  userAgent: string;
  errorCode?: string;
  errorMessage?: string;
  requestParameters: Readonly<Record<string, unknown>> | null;
  responseElements: Readonly<Record<string, unknown>> | null;
  requestID?: string;
  eventID: string;
  readOnly: boolean;
  resources?: readonly TouchedResource[];
  eventType: string;
  managementEvent: boolean;
  recipientAccountId: string;
  eventCategory: string;
}

/** CloudTrail tells times by the second. */
export const eventTimeOf = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

/** The door to the audit log (CloudWatch Logs): what the bus delivered to it, read and never written. */
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { awsCall, clientDefaults } from './aws-call.ts';

export interface AuditLogDoor {
  /**
   * Every line of a log group between two instants, in no order; each is one event of EventBridge as JSON.
   * @returns `complete` false: there were more pages than anybody should wait for
   * @throws AwsCallError, e.g. AccessDeniedException, or ResourceNotFoundException when there is no such group
   */
  read(group: string, from: Date, until: Date): Promise<AuditLines>;
}

export interface AuditLines {
  readonly lines: readonly string[];
  readonly complete: boolean;
}

/**
 * A page holds up to 10,000 events or 1 MB, and may be empty with more to follow: the service looks through a
 * bounded span of time a call (API_FilterLogEvents). At 5 calls a second this is four minutes.
 */
const mostPages = 1_200;

export function auditLog(client = new CloudWatchLogsClient(clientDefaults)): AuditLogDoor {
  return {
    async read(logGroupName, from, until) {
      const lines: string[] = [];
      let nextToken: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        const answer = await awsCall('FilterLogEvents', () =>
          client.send(
            new FilterLogEventsCommand({
              logGroupName,
              startTime: from.getTime(),
              endTime: until.getTime(),
              ...(nextToken !== undefined && { nextToken }),
            }),
          ),
        );
        lines.push(...(answer.events ?? []).flatMap(({ message }) => message ?? []));
        nextToken = answer.nextToken;
        if (nextToken === undefined) return { lines, complete: true };
      }
      return { lines, complete: false };
    },
  };
}

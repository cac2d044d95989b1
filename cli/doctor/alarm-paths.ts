/** Who hears an alarm? A mail address hears nothing until it has confirmed, and nothing else says so. */
import { alarmTopicName } from '../../domain/config/names.ts';
import type { DoctorReport } from '../../domain/reports/doctor-report.ts';
import { isAwsError } from '../../doors/aws-call.ts';
import type { OpenDeployment } from '../command.ts';

/** Alarms go to these two, whoever else is told of rotations. */
const always = ['on-call', 'security'] as const;

export interface PathsSeen {
  readonly paths: DoctorReport['paths'];
  readonly unchecked: string[];
}

export async function examineAlarmPaths({
  manifest,
  caller,
  subscriptions,
}: OpenDeployment): Promise<PathsSeen> {
  const unchecked = [
    'whether an alarm arrives: send one down the path (docs/alarms.md, "Confirm the subscriptions")',
  ];
  if (subscriptions === undefined) return { paths: [], unchecked };
  const [, partition = 'aws'] = caller.arn.split(':');
  const paths: DoctorReport['paths'] = [];
  for (const audience of new Set([...always, ...(manifest.contacts?.audiences ?? [])])) {
    const topic = alarmTopicName(manifest, audience);
    const arn = `arn:${partition}:sns:${caller.region}:${caller.account}:${topic}`;
    try {
      const found = await subscriptions.of(arn);
      const isAlarms = always.some((word) => word === audience);
      // Audiences that only a chat channel reaches have no topic of this name.
      if (found !== undefined || isAlarms) {
        paths.push({ topic, ...judged(found, isAlarms) });
      }
    } catch (error) {
      if (!isAwsError(error, 'AuthorizationError', 'AccessDenied', 'AccessDeniedException')) {
        throw error;
      }
      unchecked.push(`who listens to ${topic}: these credentials may not list it`);
    }
  }
  return { paths, unchecked };
}

function judged(
  found: Awaited<ReturnType<NonNullable<OpenDeployment['subscriptions']>['of']>>,
  isAlarms: boolean,
): Pick<DoctorReport['paths'][number], 'listening' | 'findings'> {
  const listening = found?.filter(({ pending }) => !pending).length ?? 0;
  const waiting = (found ?? []).filter(({ pending }) => pending);
  const level = isAlarms ? ('blocks' as const) : ('warns' as const);
  return {
    listening,
    findings: [
      ...(found === undefined
        ? [{ code: 'topicMissing', level, message: 'The topic is gone: deploy the stack again.' }]
        : []),
      ...(found !== undefined && listening === 0 && waiting.length === 0
        ? [
            {
              code: 'nobodyListens',
              level,
              message:
                'Nobody listens: what is told there is heard by nobody. Name somebody in `contacts` and deploy, or subscribe a receiver.',
            },
          ]
        : []),
      ...waiting.map(({ protocol, endpoint }) => ({
        code: 'subscriptionPending',
        level,
        message: `${endpoint} (${protocol}) has not confirmed and hears nothing; AWS removes it after 48 hours. Click the link of the mail "AWS Notification - Subscription Confirmation", or subscribe it again.`,
      })),
    ],
  };
}

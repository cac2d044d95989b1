/**
 * Security Hub's controls for Secrets Manager, judged from the same facts its Config rules look at. What Security
 * Hub itself says is not read: its parameters are the account's (securityhub/latest/userguide/secretsmanager-controls.html).
 */

import * as words from '../deployment/words.ts';
import type { DeploymentReport, ReportedSecret } from '../deployment-report.ts';
import type { Control, Found } from './control.ts';

const framework = 'AWS Security Hub';
const source =
  'https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html';
const day = 86_400_000;

type Service = NonNullable<ReportedSecret['service']>;
type Judge = (service: Service, secret: ReportedSecret, now: number) => Omit<Found, 'secret'>;

/** Secret by secret, from what Secrets Manager itself says of it. */
const perSecret =
  (judge: Judge) =>
  ({ secrets, at }: DeploymentReport): Found[] =>
    secrets.map((secret) => ({
      secret: secret.key,
      ...(secret.service === undefined
        ? { result: 'notShown' as const, fact: 'Secrets Manager did not tell' }
        : judge(secret.service, secret, Date.parse(at))),
    }));

const daysSince = (instant: string, now: number): number =>
  Math.floor((now - Date.parse(instant)) / day);

/** Its default of maxDaysSinceRotation, and the largest value it takes. */
const [defaultDays, mostDays] = [90, 180];
const unusedDays = 90;

export const securityHub: readonly Control[] = [
  {
    framework,
    id: 'SecretsManager.1',
    title: 'Secrets should have automatic rotation enabled',
    source,
    supports:
      'Looks at RotationEnabled. A user-managed secret without an inbox has no rotation of Secrets Manager’s own; one with an inbox has the function and no rule. Inboxes themselves, which nothing rotates, are not listed here, and Security Hub finds each of them.',
    look: perSecret(({ rotationEnabled }) =>
      rotationEnabled
        ? { result: 'pass', fact: 'rotation is enabled in Secrets Manager' }
        : { result: 'fail', fact: 'rotation is not enabled in Secrets Manager' },
    ),
  },
  {
    framework,
    id: 'SecretsManager.2',
    title: 'Secrets configured with automatic rotation should rotate successfully',
    source,
    supports:
      'Looks at the dates of the native rule and at rotations that are stuck. A secret whose rotation is off is not judged by it.',
    look: perSecret(onTime),
  },
  {
    framework,
    id: 'SecretsManager.3',
    title: 'Unused secrets should be removed',
    source,
    supports: `Looks at LastAccessedDate, for the default of ${unusedDays} days. A read by the rotation function counts as one.`,
    look: perSecret(({ lastAccessedOn, createdAt }, _, now) => {
      const since = lastAccessedOn ?? createdAt;
      if (since === undefined) return { result: 'notShown', fact: 'no date of a read is told' };
      const days = daysSince(since, now);
      const read =
        lastAccessedOn === undefined
          ? `never read since it was made on ${words.day(since)}`
          : `last read on ${words.day(since)}`;
      if (days > unusedDays) return { result: 'fail', fact: read };
      return { result: lastAccessedOn === undefined ? 'notShown' : 'pass', fact: read };
    }),
  },
  {
    framework,
    id: 'SecretsManager.4',
    title: 'Secrets should be rotated within a specified number of days',
    source,
    supports: `Looks at LastRotatedDate, for the default of ${defaultDays} days. A cadence of up to ${mostDays} days needs the parameter maxDaysSinceRotation set to ${mostDays} in Security Hub; whether it is, is not seen here.`,
    look: perSecret(({ lastRotatedAt, createdAt }, { frequencyDays }, now) => {
      if (lastRotatedAt === undefined) {
        const days = createdAt === undefined ? undefined : daysSince(createdAt, now);
        return days !== undefined && days > defaultDays
          ? { result: 'fail', fact: `never rotated since it was made ${days} days ago` }
          : { result: 'notShown', fact: 'not rotated yet' };
      }
      const days = daysSince(lastRotatedAt, now);
      const fact = `last rotated ${words.day(lastRotatedAt)}, ${words.plural(days, 'day')} ago`;
      if (days <= defaultDays) return { result: 'pass', fact };
      const cadence = frequencyDays ?? defaultDays;
      return days <= cadence && cadence > defaultDays
        ? {
            result: 'fail',
            fact: `${fact}: beyond the default of ${defaultDays} days, within its own cadence of ${cadence}`,
          }
        : { result: 'fail', fact };
    }),
  },
  {
    framework,
    id: 'SecretsManager.5',
    title: 'Secrets should be tagged',
    source,
    supports:
      'Looks for any tag that is not AWS’s own; which keys the account requires is not seen here.',
    look: perSecret(({ tags }) =>
      tags.length > 0
        ? { result: 'pass', fact: `tags: ${tags.join(', ')}` }
        : { result: 'fail', fact: 'it has no tag' },
    ),
  },
];

function onTime(service: Service, secret: ReportedSecret, now: number): Omit<Found, 'secret'> {
  const { rotationEnabled, nextRotationAt, lastRotatedAt } = service;
  if (!rotationEnabled) return { result: 'notShown', fact: 'rotation is off, so it is not judged' };
  const [latest] = secret.history.filter(({ type }) => type === 'rotation');
  if (latest?.type === 'rotation' && latest.outcome === 'failed') {
    return { result: 'fail', fact: `the rotation of ${words.day(latest.at)} failed` };
  }
  if (nextRotationAt === undefined) {
    return { result: 'notShown', fact: 'its native rule names no next date' };
  }
  const next = words.day(nextRotationAt);
  if (!(Date.parse(nextRotationAt) > now)) {
    return { result: 'fail', fact: `the native rule was due on ${next} and has not rotated` };
  }
  return lastRotatedAt === undefined
    ? { result: 'notShown', fact: `not rotated yet; the native rule is due on ${next}` }
    : { result: 'pass', fact: `rotated on ${words.day(lastRotatedAt)}, next by ${next}` };
}

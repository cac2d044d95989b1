/**
 * The policy of the bus that triggers come on. In its own account an identity's policy would be enough to put an event
 * there, and `events:PutEvents` on every bus is widely granted: so the policy lets the named principals in, each with
 * its own detail-type, and denies everybody else. Another detail-type, or another source, is denied to all.
 */

import type { TriggerType } from '../domain/events/triggers.ts';
import { triggerSource } from '../domain/events/triggers.ts';

export function triggerBusPolicy(
  busArn: string,
  from: Readonly<Record<TriggerType, readonly string[]>>,
): object {
  const taken = Object.entries(from).filter(([, principals]) => principals.length > 0);
  const put = { Action: 'events:PutEvents', Resource: busArn };
  return {
    Version: '2012-10-17',
    Statement: [
      ...taken.flatMap(([type, principals]) => [
        {
          Sid: `Let${sid(type)}`,
          Effect: 'Allow',
          Principal: { AWS: [...principals] },
          ...put,
          Condition: {
            StringEquals: { 'events:source': triggerSource, 'events:detail-type': type },
          },
        },
        {
          Sid: `NobodyElse${sid(type)}`,
          Effect: 'Deny',
          Principal: '*',
          ...put,
          Condition: {
            StringEquals: { 'events:detail-type': type },
            StringNotEquals: { 'aws:PrincipalArn': [...principals] },
          },
        },
      ]),
      {
        Sid: 'NoOtherType',
        Effect: 'Deny',
        Principal: '*',
        ...put,
        Condition: { StringNotEquals: { 'events:detail-type': taken.map(([type]) => type) } },
      },
      {
        Sid: 'NoOtherSource',
        Effect: 'Deny',
        Principal: '*',
        ...put,
        Condition: { StringNotEquals: { 'events:source': triggerSource } },
      },
    ],
  };
}

const sid = (type: string): string =>
  type
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');

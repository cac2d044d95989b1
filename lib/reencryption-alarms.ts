/** What is watched of the rows on their way to a new key. Sections stand in `docs/alarms.md`, as those of every alarm. */
import {
  deploymentDimension,
  metricDimensions,
  metricNames,
  metricNamespace,
  type Scope,
} from '../domain/config/names.ts';
import { type AlarmDefinition, any } from './alarm-definitions.ts';

export interface ReencryptionWatch {
  readonly stateMachineArn: string;
  /** The secrets whose rows follow: key and name. */
  readonly secrets: readonly { readonly key: string; readonly name: string }[];
}

const hour = 3600;

export function reencryptionAlarms(
  scope: Scope,
  { stateMachineArn, secrets }: ReencryptionWatch,
): AlarmDefinition[] {
  const ended = (section: string, metric: string, how: string): AlarmDefinition => ({
    ...any,
    section,
    metric,
    namespace: 'AWS/States',
    dimensions: { StateMachineArn: stateMachineArn },
    description: `The re-encryption of rows ${how}. Every row stays readable: no key leaves the keyset before all rows are proven to be under another one; until it goes on, planned rotations of the secret are refused. npx quarterturn reencrypt status says why and how many rows are left. Remove the cause, then run npx quarterturn reencrypt resume: it goes on where it was.`,
  });
  return [
    ended('reencryption-failed', 'ExecutionsFailed', 'stopped, or ended without proof'),
    ended('reencryption-timed-out', 'ExecutionsTimedOut', 'did not end within 30 days'),
    ended('reencryption-aborted', 'ExecutionsAborted', 'was stopped by somebody'),
    ...secrets.map(({ key, name }) => ({
      ...any,
      section: 'reencryption-unproven',
      of: key,
      namespace: metricNamespace,
      metric: metricNames.reencryptionUnproven,
      dimensions: { [metricDimensions.secret]: name },
      statistic: 'Maximum' as const,
      period: hour,
      description: `Every row of ${name} was rewritten and counted, and the proof is missing: values that open under no key are in quarantine, or a declared store has nobody who vouches for it. No key is pruned meanwhile. See npx quarterturn reencrypt status ${key}, then reencrypt quarantine ${key}: mend or accept each value, attest each store, then run npx quarterturn reencrypt verify ${key}.`,
    })),
    {
      ...any,
      section: 'reencryption-stalled',
      namespace: metricNamespace,
      metric: metricNames.reencryptionStalled,
      dimensions: { [metricDimensions.deployment]: deploymentDimension(scope) },
      statistic: 'Maximum',
      period: hour,
      description:
        'The rows of a secret do not come further: their re-encryption stopped, has not moved for an hour, or was paused 24 hours ago. They are readable, and under the keys they were. npx quarterturn reencrypt status says which secret and why: a pause that was forgotten, consumers that are not stopped (maintenance), a transaction that does not end, a database that is throttled or away. Remove the cause; npx quarterturn reencrypt resume goes on where it was.',
    },
  ];
}

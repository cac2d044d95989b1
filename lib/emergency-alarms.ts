/**
 * What an emergency that does not come to its end says to security: on-call's channel may be read by whoever holds what
 * leaked, until it is dead. Sections stand in `docs/alarms.md`.
 */
import { type AlarmDefinition, any } from './alarm-definitions.ts';

/** @param stateMachineArn of emergencies; a drill is one, too */
export function emergencyAlarms(stateMachineArn: string): AlarmDefinition[] {
  const ended = (section: string, metric: string, how: string): AlarmDefinition => ({
    ...any,
    section,
    tells: 'security',
    metric,
    namespace: 'AWS/States',
    dimensions: { StateMachineArn: stateMachineArn },
    description: `An emergency, or a drill of one, ${how}. What it could protect is protected, and consumers that it had stopped are being started; what is left to do stands in its report. See: npx quarterturn status; aws stepfunctions list-executions --state-machine-arn ${stateMachineArn} --max-items 5. On-call is told that a change of secrets is not finished, and not why. Mend what the report names, then have it gone on with, under the same id.`,
  });
  return [
    ended('emergency-failed', 'ExecutionsFailed', 'ended with a stage that failed'),
    ended('emergency-timed-out', 'ExecutionsTimedOut', 'did not end within its time'),
    ended('emergency-aborted', 'ExecutionsAborted', 'was stopped by somebody'),
  ];
}

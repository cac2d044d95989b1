/** DescribeAlarms, DescribeAlarmHistory, SetAlarmState. */
import { type Operation, ServiceException } from '../service.ts';
import type { AlarmState } from './alarm.ts';
import type { Alarm, AlarmDesk } from './alarm-desk.ts';

type Input = Record<string, unknown>;
const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

export function alarmOperations(
  desk: AlarmDesk,
  { account, region }: { account: string; region: string },
): Record<string, Operation> {
  const arnOf = (name: string) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
  return {
    DescribeAlarms: {
      authorize: () => [{ action: 'cloudwatch:DescribeAlarms', resource: arnOf('*') }],
      run: async (input) => ({
        CompositeAlarms: [],
        MetricAlarms: desk
          .all()
          .filter((alarm) => isAskedFor(alarm, input))
          .sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1))
          .map(described),
      }),
    },
    DescribeAlarmHistory: {
      authorize: ({ AlarmName }) => [
        { action: 'cloudwatch:DescribeAlarmHistory', resource: arnOf(String(AlarmName ?? '*')) },
      ],
      run: async ({ AlarmName, HistoryItemType }) => ({
        AlarmHistoryItems: desk.history
          .filter(({ alarmName }) => AlarmName === undefined || alarmName === AlarmName)
          .filter(({ type }) => HistoryItemType === undefined || type === HistoryItemType)
          .map(({ alarmName, time, type, summary }) => ({
            AlarmName: alarmName,
            AlarmType: 'MetricAlarm',
            Timestamp: time,
            HistoryItemType: type,
            HistorySummary: summary,
          }))
          .reverse(),
      }),
    },
    SetAlarmState: {
      authorize: ({ AlarmName }) => [
        { action: 'cloudwatch:SetAlarmState', resource: arnOf(String(AlarmName)) },
      ],
      run: async ({ AlarmName, StateValue, StateReason }) => {
        const alarm = desk.find(String(AlarmName));
        if (alarm === undefined) {
          throw new ServiceException('ResourceNotFound', '', 404);
        }
        if (!STATES.includes(String(StateValue))) {
          throw new ServiceException(
            'ValidationError',
            `1 validation error detected: Value '${String(StateValue)}' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [${STATES.join(', ')}]`,
          );
        }
        desk.setState(alarm, StateValue as AlarmState, String(StateReason ?? ''));
        return undefined;
      },
    },
  };
}

function isAskedFor({ definition, state }: Alarm, input: Input): boolean {
  const { AlarmNames, AlarmNamePrefix, StateValue, ActionPrefix } = input;
  return (
    (AlarmNames === undefined || (AlarmNames as string[]).includes(definition.name)) &&
    definition.name.startsWith(String(AlarmNamePrefix ?? '')) &&
    (StateValue === undefined || state === StateValue) &&
    (ActionPrefix === undefined ||
      Object.values(definition.actions)
        .flat()
        .some((action) => action.startsWith(String(ActionPrefix))))
  );
}

function described({ arn, definition: it, state, reason, updated }: Alarm): object {
  return {
    AlarmName: it.name,
    AlarmArn: arn,
    AlarmDescription: it.description,
    ActionsEnabled: it.actionsEnabled,
    OKActions: it.actions.OK,
    AlarmActions: it.actions.ALARM,
    InsufficientDataActions: it.actions.INSUFFICIENT_DATA,
    StateValue: state,
    StateReason: reason,
    StateUpdatedTimestamp: updated,
    StateTransitionedTimestamp: updated,
    MetricName: it.metric.name,
    Namespace: it.metric.namespace,
    Statistic: it.statistic,
    Dimensions: Object.entries(it.metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Period: it.period,
    EvaluationPeriods: it.evaluationPeriods,
    DatapointsToAlarm: it.datapointsToAlarm,
    Threshold: it.threshold,
    ComparisonOperator: it.comparison,
    TreatMissingData: it.treatMissingData,
  };
}

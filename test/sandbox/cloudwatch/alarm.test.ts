/** The tables of "Configuring how CloudWatch alarms treat missing data", written as there: newest point last. */
import { expect, test } from '@jest/globals';
import {
  type AlarmDefinition,
  evaluate,
  type MissingData,
} from '../../../sandbox/cloudwatch/alarm.ts';

const treatments: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];

const alarm = (datapointsToAlarm: number, treatMissingData: MissingData): AlarmDefinition => ({
  name: 'a',
  metric: { namespace: 'N', name: 'm', dimensions: {} },
  statistic: 'Sum',
  period: 60,
  evaluationPeriods: 3,
  datapointsToAlarm,
  threshold: 1,
  comparison: 'GreaterThanOrEqualToThreshold',
  treatMissingData,
  actionsEnabled: true,
  actions: { ALARM: [], OK: [], INSUFFICIENT_DATA: [] },
});

const kept = 'kept';
test.each([
  // Three of three.
  [3, '0 - X - X', ['OK', 'OK', 'OK', 'OK']],
  [3, '- - - - 0', ['OK', 'OK', 'OK', 'OK']],
  [3, '- - - - -', ['INSUFFICIENT_DATA', kept, 'ALARM', 'OK']],
  [3, '0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  [3, '- - X - -', ['ALARM', kept, 'ALARM', 'OK']],
  // Two of three.
  [2, '0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  [2, '0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  [2, '0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
  [2, '- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
  [2, '- - - X -', ['ALARM', kept, 'ALARM', 'OK']],
] as const)('%d of 3 breaching, seen %s', (datapoints, seen, expected) => {
  const values = seen
    .split(' ')
    .map((point) => (point === '-' ? undefined : point === 'X' ? 5 : 0))
    .reverse();
  for (const current of ['OK', 'ALARM'] as const) {
    const states = treatments.map((treatment) => {
      const { state } = evaluate(alarm(datapoints, treatment), values, current);
      return state;
    });
    expect(states).toEqual(expected.map((state) => (state === kept ? current : state)));
  }
});

/** What the watch may do and what looks at it, asked of the template of the example. */
import { describe, expect, test } from '@jest/globals';
import type { RotationConfig } from '../../domain/config/rotation-config.ts';
import pharmacy from '../../rotation.config.ts';
import { type Synthesized, synthesize } from './synthesized.ts';

const list = (value: string | string[]) => (Array.isArray(value) ? value : [value]);

export function watch(stack: Synthesized): void {
  describe('watch', () => {
    const policy = /^WatchFunction(Policy|Role)/;
    const alarmOf = (what: string) =>
      stack
        .all('AWS::CloudWatch::Alarm')
        .map(({ Properties }) => Properties)
        .find(({ AlarmName }) => AlarmName === `quarterturn-pharmacy-prod-${what}`);

    test('looks every five minutes, and ends before the next look', () => {
      const rule = stack.one('AWS::Events::Rule', /^WatchEveryFiveMinutes/);
      expect(rule.Properties.ScheduleExpression).toBe('rate(5 minutes)');
      const { Properties } = stack.one('AWS::Lambda::Function', /^Watch/);
      expect(Properties.Timeout).toBeLessThan(300);
      expect(Properties.VpcConfig).toBeUndefined();
    });

    test('reads labels and records, no value; writes what it told, and nothing else', () => {
      const actions = stack.statements(policy).flatMap(({ Action }) => list(Action));
      expect(actions.filter((action) => action.startsWith('secretsmanager:'))).toEqual([
        'secretsmanager:DescribeSecret',
      ]);
      expect(stack.statement(policy, 'Describe').Resource).toHaveLength(5);
      const keys: string[] = stack.statement(policy, 'WriteControlRecords').Condition[
        'ForAllValues:StringLike'
      ]['dynamodb:LeadingKeys'];
      expect(keys).toHaveLength(5);
      expect(keys.every((key) => key.startsWith('told#pharmacy/prod/'))).toBe(true);
    });

    test('asks the functions of database secrets for a login, and no other function', () => {
      const { Resource } = stack.statement(policy, 'AskForLogins');
      expect(Resource).toHaveLength(3);
      for (const key of ['db', 'legacyDb', 'rowsDb']) {
        expect(JSON.stringify(Resource)).toContain(`:function:quarterturn-pharmacy-prod-${key}"`);
      }
      const { jwt } = pharmacy.secrets;
      const withoutDatabases = synthesize({
        ...pharmacy,
        secrets: { jwt } as RotationConfig['secrets'],
        networks: {},
        consumers: [],
      });
      expect(withoutDatabases.text).not.toContain('AskForLogins');
      const names = withoutDatabases
        .all('AWS::CloudWatch::Alarm')
        .map(({ Properties }) => Properties.AlarmName);
      expect(names.filter((name) => /login/.test(name))).toEqual([]);
    });

    test('is heard within fifteen minutes, and its own silence within two looks', () => {
      for (const [what, metric] of [
        ['rotation-stuck', 'RotationsStuck'],
        ['unmanaged-write', 'UnmanagedWrites'],
        ['login-lost', 'LoginsLost'],
        ['login-restored', 'LoginsRestored'],
      ] as const) {
        expect(alarmOf(what)).toMatchObject({
          MetricName: metric,
          Statistic: 'Maximum',
          Threshold: 1,
          Period: 600,
          TreatMissingData: 'notBreaching',
        });
      }
      expect(alarmOf('watch-silent')).toMatchObject({
        MetricName: 'WatchHeartbeat',
        ComparisonOperator: 'LessThanThreshold',
        Threshold: 1,
        Period: 600,
        TreatMissingData: 'breaching',
      });
    });

    test('a rotation is slow an hour after its readers have read', () => {
      // signerCache and readerCache of the example are five minutes.
      expect(alarmOf('slow-rotation')).toMatchObject({
        MetricName: 'TimeToRotateSeconds',
        Threshold: 3600 + 300,
      });
    });

    test('the starter leaves a note of the unmanaged write it told', () => {
      const keys: string[] = stack.statement(/^StarterFunctionPolicy/, 'WriteControlRecords')
        .Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys'];
      expect(keys.every((key) => key.startsWith('told#'))).toBe(true);
    });
  });
}

/** The schedule as it is deployed: months go by over one secret of twenty days, in the full form. */
import { DisableRuleCommand, EnableRuleCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rotationAuditEventSchema } from '../../domain/events/audit-event.ts';
import { plannedNoticeSchema } from '../../domain/events/notices.ts';
import { AlarmStage } from './alarm-stage.ts';

const inFull = process.env.PROOF === 'full' ? describe : describe.skip;
const day = 86_400_000;

inFull('a secret of twenty days, rotated five days before its limit', () => {
  let stage: AlarmStage;
  const ruleOf = (id: RegExp) => {
    const [found] = [...stage.sandbox.resources].filter(
      ([logicalId, { type }]) => type === 'AWS::Events::Rule' && id.test(logicalId),
    );
    return found?.[1].physicalId ?? '';
  };
  const eventsOf = (type: string) =>
    stage.sandbox.events().filter((event) => event['detail-type'] === type);
  const rotations = () =>
    eventsOf('credential-secret-rotation').map(({ detail }) =>
      rotationAuditEventSchema.parse(detail),
    );
  const announcements = () =>
    eventsOf('credential-rotation-planned').map(({ detail }) => plannedNoticeSchema.parse(detail));

  beforeAll(async () => {
    stage = await AlarmStage.start();
    // It would look every five minutes of all these months.
    const Name = ruleOf(/^WatchEveryFiveMinutes/);
    await stage.events().send(new DisableRuleCommand({ Name }));
    // The first value, which needs no notice.
    await stage.passing(65);
  }, 120_000);
  afterAll(() => stage?.stop());

  test('forty days, the hours around its due days one by one: announced, then rotated, in time', async () => {
    expect([rotations().length, announcements().length]).toEqual([1, 0]);
    for (const turn of [1, 2]) {
      await stage.passingDays(14.8);
      await stage.passing(8 * 60);
      expect([rotations().length, announcements().length]).toEqual([turn + 1, turn]);
    }
    expectWithinTheLimit();
  }, 300_000);

  test('thirty days, every hour: once when it is due, and nothing twice', async () => {
    const before = rotations().length;
    await stage.passing(30 * 24 * 60);
    expect(rotations().length - before).toBe(2);
    expectWithinTheLimit();
  }, 900_000);

  test('thirty days without the schedule: Secrets Manager’s own rule rotated it, and that is said; then no storm', async () => {
    const Name = ruleOf(/^CadenceHourly/);
    await stage.events().send(new DisableRuleCommand({ Name }));
    const before = rotations().length;
    // To the day of the rule, through its window of four hours, and on.
    await stage.passingDays(18);
    await stage.passing(2 * 24 * 60);
    await stage.passingDays(10);
    await stage.events().send(new EnableRuleCommand({ Name }));
    const [byRule, ...more] = rotations().slice(before);
    expect(more).toEqual([]);
    expect(byRule?.rotations[0]?.triggeredBy).toEqual(
      expect.objectContaining({ attributed: false, backstopProbably: true }),
    );
    await stage.passing(8 * 60);
    expect(rotations().length - before).toBeLessThanOrEqual(2);
    expectWithinTheLimit();
  }, 300_000);

  function expectWithinTheLimit(): void {
    const all = rotations();
    for (const [index, { at }] of all.slice(1).entries()) {
      const age = Date.parse(at) - Date.parse(all[index]?.at ?? '');
      expect(age).toBeLessThanOrEqual(20 * day);
      expect(age).toBeGreaterThan(day);
    }
    for (const { at, plannedAt } of announcements()) {
      expect(Date.parse(plannedAt) - Date.parse(at)).toBeGreaterThanOrEqual(2 * 3_600_000 - 60_000);
    }
  }
});

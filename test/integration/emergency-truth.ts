/** Holds the report of an emergency against what others wrote down: the sandbox's request log, its trail, ECS. */
import { expect } from '@jest/globals';
import type { AccessAudit } from '../../domain/events/access-audit.ts';
import { emergencyStages } from '../../domain/events/emergency.ts';
import type { Before } from './emergency-leak.ts';
import { type Emergency, type EmergencyStage, stranger } from './emergency-stage.ts';
import { readsOf, stolenKeys } from './emergency-stranger.ts';

/** A function's clock runs on while it is at work. */
const leewayMilliseconds = 30_000;

export async function reportIsTrue(
  stage: EmergencyStage,
  done: Emergency,
  before: Before,
): Promise<void> {
  const { world } = stage;
  const report = await stage.report(done);
  const near = (at: string | undefined, time: Date | undefined) => {
    const apart = new Date(at ?? '').getTime() - (time?.getTime() ?? Number.NaN);
    expect(Math.abs(apart)).toBeLessThan(leewayMilliseconds);
  };
  expect(report).toMatchObject({
    drill: false,
    outcome: 'closed',
    // Closed, and yet: of a user no session can be revoked.
    problems: [
      `contain: ${stranger} is a user: its access keys go on working until somebody deactivates them`,
    ],
    execution: done.execution,
    exposure: {
      secrets: [...stolenKeys],
      since: new Date(before.at.getTime() - 30 * 60_000).toISOString(),
      suspects: [stranger],
    },
    overview: { exposed: 3, dead: 2, readableOnly: 1, notProven: [] },
  });

  // What was rotated, by whom, when, and how it stands.
  const standings = { jwt: 'dead', pii: 'readableOnly', db: 'dead' } as const;
  for (const key of stolenKeys) {
    const told = report.secrets.find((secret) => secret.key === key);
    const [asked, ...more] = stage.rotationsOf(key, before.requests);
    expect(more).toEqual([]);
    expect(asked?.principal).toContain(stage.functionRole);
    expect(told).toMatchObject({
      exposed: true,
      standing: standings[key],
      notProven: [],
      replaced: before.current[key],
      versionId: (asked?.input as { ClientRequestToken?: string } | undefined)?.ClientRequestToken,
      attempts: 1,
      afterRotation: 'finished',
    });
    expect(told?.versionId).toBe(await world.holder(key, 'AWSCURRENT'));
    near(told?.askedAt, asked?.time);
  }
  const { host, port } = world.stage.server;
  const refused = report.secrets
    .find(({ key }) => key === 'db')
    ?.evidence.filter(({ fact }) => fact === 'oldCredentialRefused');
  expect(refused?.map(({ detail }) => [detail?.host, detail?.port])).toEqual([[host, port]]);
  const ended = report.secrets
    .find(({ key }) => key === 'db')
    ?.evidence.filter(({ fact, detail }) => fact === 'sessionsEnded' && Number(detail?.ended) > 0);
  expect(ended?.length).toBeGreaterThan(0);

  // How long it took.
  const proven = stolenKeys.map((key) => done.secrets[key]?.provenAt ?? '').toSorted();
  expect(report.overview.untilDead.at).toBe(proven.at(-1));
  const spent =
    (new Date(proven.at(-1) ?? '').getTime() - new Date(report.startedAt).getTime()) / 1000;
  expect(report.overview.untilDead.seconds).toBeCloseTo(spent, 0);
  for (const { seconds, targetSeconds } of [report.overview.untilDead, report.overview.untilOver]) {
    expect(seconds).toBeLessThan(targetSeconds);
  }

  // Every stage, as its record has it; consumers when ECS was told.
  expect(report.timeline.map(({ stage: name }) => name)).toEqual([...emergencyStages]);
  for (const told of report.timeline) {
    const { state, startedAt, endedAt } = done.stages[told.stage] ?? {};
    expect({ ...told }).toMatchObject({ state, startedAt, endedAt });
  }
  expect(report.consumers).toEqual({
    stopped: ['billing', 'web'],
    restarted: [],
    alone: ['api'],
  });
  const updates = world.stage.sandbox
    .requests()
    .slice(before.requests)
    .filter(({ operation }) => operation === 'UpdateService');
  const { stop, start } = done.stages;
  for (const [wanted, at] of [
    [(count: unknown) => count === 0, stop?.startedAt],
    [(count: unknown) => count !== 0, start?.startedAt],
  ] as const) {
    const calls = updates.filter(({ input }) =>
      wanted((input as Record<string, unknown>).desiredCount),
    );
    expect(calls).toHaveLength(2);
    for (const { time } of calls) near(at, time);
  }

  // Who read them, and how often.
  const audit = report.readers.audit as AccessAudit;
  expect(report.readers).toMatchObject({ unknown: 1, unknownOfNew: 0 });
  expect(audit.readers[0]).toMatchObject({
    principal: stranger,
    standing: 'unknown',
    readNew: false,
  });
  const counted = (list: AccessAudit['readers']) =>
    Object.fromEntries(
      list.flatMap(({ principal, secrets }) =>
        secrets.map(({ key, reads, denied }) => [`${principal} ${key}`, [reads, denied]]),
      ),
    );
  const told = counted(audit.readers);
  for (const key of stolenKeys) expect(told[`${stranger} ${key}`]).toEqual([readsOf[key], 0]);
  const journal = readsInTrail(stage, audit);
  // Its users went on meanwhile: of the application it tells what it had read when it was asked.
  const isApplication = (name: string) => name.includes(':user/api ');
  const rest = (counts: Record<string, number[]>) =>
    Object.fromEntries(Object.entries(counts).filter(([name]) => !isApplication(name)));
  expect(rest(told)).toEqual(rest(journal));
  expect(Object.keys(told).toSorted()).toEqual(Object.keys(journal).toSorted());

  // Boxes are ticked where something shows it.
  const left = Object.fromEntries(report.remaining.map(({ id, state }) => [id, state]));
  expect(left).toMatchObject({ exposed: 'done', rows: 'done', sessions: 'done', others: 'open' });
  const markdown = await stage.stored(done, 'md');
  for (const { words, state } of report.remaining) {
    expect(markdown).toContain(`- [${state === 'done' ? 'x' : ' '}] **${words.slice(0, 20)}`);
  }
}

/** `principal key` → reads, and reads that failed. */
function readsInTrail(stage: EmergencyStage, { asked }: AccessAudit): Record<string, number[]> {
  const { sandbox } = stage.world.stage;
  const counts: Record<string, number[]> = {};
  for (const record of sandbox.cloudtrail.records()) {
    if (record.eventName !== 'GetSecretValue') continue;
    if (record.eventTime < asked.from || record.eventTime > asked.to) continue;
    const id = String(record.requestParameters?.secretId);
    const key = stolenKeys.find(
      (candidate) =>
        id === stage.world.name(candidate) || id === sandbox.outputs[`SecretArn${candidate}`],
    );
    if (key === undefined) continue;
    const { arn, sessionContext } = record.userIdentity as {
      arn?: string;
      sessionContext?: { sessionIssuer?: { arn: string } };
    };
    const name = `${sessionContext?.sessionIssuer?.arn ?? arn} ${key}`;
    const [reads = 0, denied = 0] = counts[name] ?? [];
    counts[name] = record.errorCode ? [reads, denied + 1] : [reads + 1, denied];
  }
  return counts;
}

import { describe, expect, test } from '@jest/globals';
import { id, input, served, suspect } from './deployment.ts';
import { world } from './world.ts';

describe('a drill', () => {
  test('goes the same way and changes nothing: no rotation, no intent, nobody denied, stopped, restarted, or told before its end', async () => {
    const around = world({ consumers: [served('api', ['jwt', 'db'])] });
    const written: string[] = [];
    around.before.door = (name, when) => {
      const isRead = /\.(get|describe|isRunning|simulate|roleOf)|^manifest/.test(name);
      const isOwn = /^(records\.(update|putDrilled)|incidents\.put$)/.test(name);
      if (when === 'before' && !isRead && !isOwn) written.push(name);
    };
    const asks: object[] = [];
    const invoke = around.doors.functions.invoke;
    around.doors.functions.invoke = (name, request) => {
      asks.push(request as object);
      return invoke(name, request);
    };
    const stages = structuredClone(around.stored.stages);
    expect(
      (await around.execute({ ...input, secrets: 'all', drill: true, suspects: [suspect] })).status,
    ).toBe('SUCCEEDED');
    expect(written.filter((name) => name !== 'functions.invoke')).toEqual(['eventBus.put']);
    expect(around.calls.flatMap(({ operation }) => operation ?? [])).toEqual([
      'diagnose',
      'diagnose',
    ]);
    expect(asks.map((ask) => (ask as { operation?: string }).operation ?? 'health')).toEqual([
      'posture',
      'health',
      'readers',
      'readers',
    ]);
    expect(around.effects).toEqual([]);
    expect(around.stored.stages).toEqual(stages);
    expect(await around.stages()).toMatchObject({
      announce: 'done',
      contain: 'skipped',
      stop: 'done',
      protect: 'done',
      settle: 'skipped',
      accessAudit: 'done',
      report: 'done',
      tell: 'done',
    });
    expect(around.objects.get(`${id}/report.md`)).toMatch(/drill/i);
    expect(around.told()).toMatchObject([{ phase: 'closed', drill: true, findings: 0 }]);
    expect(await around.records.getDrilled()).toMatchObject({ id, outcome: 'passed', findings: 0 });
  });

  test('tells what would stand in the way: a right that is missing, a credential that is refused', async () => {
    const around = world();
    const simulate = around.doors.simulation.simulate;
    around.doors.simulation.simulate = async (question) =>
      (await simulate(question)).map((right) =>
        right.action === 'secretsmanager:RotateSecret'
          ? { ...right, decision: 'implicitDeny' as const }
          : right,
      );
    around.bench.lambda.on('fn-db', () => {
      throw Object.assign(new Error('no route'), { name: 'PostgresUnreachableError' });
    });
    expect((await around.execute({ ...input, drill: true })).status).toBe('SUCCEEDED');
    expect(await around.records.getDrilled()).toMatchObject({ outcome: 'findings', findings: 3 });
    expect((await around.secret('db'))?.evidence[0]).toMatchObject({
      fact: 'functionFailed',
      detail: { ok: false, detail: 'PostgresUnreachableError: no route' },
    });
    const { evidence } = (await around.records.getStage(id, 'announce')) ?? {};
    expect(evidence?.filter(({ fact }) => fact === 'rightMissing')).toHaveLength(2);
  });
});

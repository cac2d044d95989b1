import { describe, expect, test } from '@jest/globals';
import {
  database,
  id,
  input,
  jwt,
  nameOf,
  scalar,
  served,
  suspect,
  versionOf,
} from './deployment.ts';
import { world } from './world.ts';

describe('a drill', () => {
  test('goes the same way and changes nothing: no rotation, no intent, nobody denied, stopped, restarted, or told before its end', async () => {
    const around = world({ consumers: [served('api', ['jwt', 'db'])] });
    const written: string[] = [];
    around.before.door = (name, when) => {
      const isRead = /\.(get|describe|isRunning|simulate|roleOf|settingsOf)|^manifest/.test(name);
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

  test.each([
    // A rotation of 40 s: an emergency waits a minute more for logins that had begun, and has waited where it was one.
    ['planned', 130],
    ['emergency', 70],
  ] as const)(
    'of a rotation (%s) expects what it took, and what only an emergency waits for',
    async (intent, seconds) => {
      const around = world();
      const token = versionOf('db');
      const step = (at: string) => ({
        at: `2026-05-01T00:00:${at}.000Z`,
        milliseconds: 0,
        outcome: 'done',
      });
      const at = '2026-05-01T00:01:00.000Z';
      await around.controlTable.fixRotation(nameOf('db'), {
        ...{ token, intent, basedOn: null, at, evidence: [] },
        provenance: { intent, token, attributed: true },
        steps: { createSecret: step('00'), finishSecret: step('40') },
      });
      await around.controlTable.putAfterRotation(nameOf('db'), {
        ...{ versionId: token, state: 'finished', intent, basedOn: null, at },
      });
      await around.execute({ ...input, secrets: ['db'], drill: true, keepRunning: true });
      expect(await around.records.getDrilled()).toMatchObject({ deadWithinSeconds: seconds });
    },
  );

  test.each([
    // Who, what, and on what (the beginning of it).
    ['fn-jwt', 'secretsmanager:UpdateSecretVersionStage', 'arn:aws:secretsmanager:'],
    ['fn-jwt', 'kms:GenerateDataKey', 'arn:aws:kms:eu-west-1:000000000000:key/secrets'],
    ['fn-jwt', 'kms:GenerateRandom', '*'],
    ['fn-jwt', 'dynamodb:PutItem', 'arn:aws:dynamodb:eu-west-1:000000000000:table/control'],
    ['fn-jwt', 'dynamodb:DeleteItem', 'arn:aws:dynamodb:eu-west-1:000000000000:table/control'],
    ['fn-jwt', 'kms:Encrypt', 'arn:aws:kms:eu-west-1:000000000000:key/control'],
    ['fn-jwt', 'ec2:CreateNetworkInterface', '*'],
    [
      'fn-db',
      'secretsmanager:GetSecretValue',
      'arn:aws:secretsmanager:eu-west-1:000000000000:secret:admin',
    ],
    ['fn-pii', 's3:PutObject', 'arn:aws:s3:::copies/pii/'],
    ['fn-pii', 's3:ListBucketVersions', 'arn:aws:s3:::copies'],
    ['fn-pii', 'kms:GenerateDataKey', 'arn:aws:kms:eu-west-1:000000000000:key/escrow'],
    ['fn-pii', 'secretsmanager:ListSecretVersionIds', 'arn:aws:secretsmanager:'],
    [
      'own/in-emergency',
      'lambda:InvokeFunction',
      'arn:aws:lambda:eu-west-1:000000000000:function:fn-db',
    ],
    ['own/machine', 'events:PutRule', 'arn:aws:events:eu-west-1:000000000000:rule/StepFunctions'],
    ['quarterturn-pharmacy-prod-after-rotation', 'events:PutEvents', 'arn:aws:events:'],
    ['after-rotation-machine', 'lambda:InvokeFunction', 'arn:aws:lambda:'],
    ['roll-out', 'ecs:UpdateService', 'arn:aws:ecs:eu-west-1:000000000000:service/main/api'],
    [
      'roll-out',
      'lambda:UpdateFunctionConfiguration',
      'arn:aws:lambda:eu-west-1:000000000000:function:mailer',
    ],
    [
      'rollout-machine',
      'lambda:InvokeFunction',
      'arn:aws:lambda:eu-west-1:000000000000:function:ask-health',
    ],
  ])('tells that %s lacks %s on %s', async (role, action, on) => {
    const around = world({ secrets: [jwt, database, scalar] });
    const principal = `arn:aws:iam::000000000000:role/${role}`;
    const simulate = around.doors.simulation.simulate;
    around.doors.simulation.simulate = async (question) =>
      (await simulate(question)).map((right) =>
        question.principal === principal && right.action === action && right.resource.startsWith(on)
          ? { ...right, decision: 'implicitDeny' as const }
          : right,
      );
    await around.execute({ ...input, secrets: 'all', drill: true });
    const evidence = [
      ...((await around.records.getStage(id, 'announce'))?.evidence ?? []),
      ...(await around.records.getSecrets(id)).flatMap((secret) => secret.evidence),
    ];
    const missing = evidence.filter(({ detail }) => detail?.ok === false);
    expect(new Set(missing.map(({ fact }) => fact))).toEqual(new Set(['rightMissing']));
    for (const { detail } of missing) {
      expect(detail).toMatchObject({ role: principal, action, decision: 'implicitDeny' });
      expect(String(detail?.resource).startsWith(on)).toBe(true);
    }
    expect((await around.records.getDrilled())?.findings).toBe(missing.length);
  });
});

import { describe, expect, test } from '@jest/globals';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { database, id, input, jwt, served, suspect } from './deployment.ts';
import { world } from './world.ts';

type World = ReturnType<typeof world>;
const drill = { ...input, secrets: 'all', drill: true, suspects: [suspect] };
const role = (name: string) => `arn:aws:iam::000000000000:role/${name}`;

const findingsOf = async ({ records }: World) =>
  [
    ...((await records.getStage(id, 'announce'))?.evidence ?? []),
    ...((await records.getStage(id, 'stop'))?.evidence ?? []),
    ...((await records.getStage(id, 'start'))?.evidence ?? []),
    ...(await records.getSecrets(id)).flatMap(({ evidence }) => evidence),
  ].filter(({ detail }) => detail?.ok === false);

describe('what a drill cannot find out is a finding, not a pass', () => {
  const denied = () => Object.assign(new Error('no'), { name: 'AccessDeniedException' });
  const after = 'quarterturn-pharmacy-prod-after-rotation';

  test.each<[string, (around: World) => void, object]>([
    [
      'a function that is gone',
      ({ doors }) => {
        doors.functionRoles.roleOf = async (name) => (name === after ? undefined : role(name));
      },
      { fact: 'functionMissing', detail: { ok: false, function: after } },
    ],
    [
      'a function that Lambda does not tell of',
      ({ doors }) => {
        doors.functionRoles.roleOf = async () => {
          throw denied();
        };
      },
      {
        fact: 'rightsNotKnown',
        detail: { ok: false, function: after, detail: 'AccessDeniedException' },
      },
    ],
    [
      'a rotation function that is gone',
      ({ doors }) => {
        doors.functionRoles.settingsOf = async () => undefined;
      },
      { fact: 'functionMissing', detail: { ok: false, function: 'fn-jwt' } },
    ],
    [
      'a rotation function that Lambda does not tell of',
      ({ doors }) => {
        doors.functionRoles.settingsOf = async () => {
          throw denied();
        };
      },
      {
        fact: 'rightsNotKnown',
        detail: { ok: false, function: 'fn-jwt', detail: 'AccessDeniedException' },
      },
    ],
    ...['SECRET_NAME', 'CONTROL_TABLE'].map((name): [string, (around: World) => void, object] => [
      `a rotation function without ${name}`,
      ({ doors }) => {
        doors.functionRoles.settingsOf = async (functionName) => ({
          role: role(functionName),
          isInVpc: false,
          environment: name === 'SECRET_NAME' ? { CONTROL_TABLE: 'control' } : { SECRET_NAME: 'x' },
        });
      },
      {
        fact: 'rightsNotKnown',
        detail: {
          ok: false,
          function: 'fn-jwt',
          detail: 'Lambda does not tell its environment, so what it uses is not known',
        },
      },
    ]),
    [
      'rights that IAM does not simulate',
      ({ doors }) => {
        doors.simulation.simulate = async () => {
          throw denied();
        };
      },
      {
        fact: 'rightsNotKnown',
        detail: { ok: false, role: role('fn-jwt'), detail: 'AccessDeniedException' },
      },
    ],
    [
      'a look at a consumer that fails',
      ({ doors }) => {
        doors.functions.invoke = async (name) => {
          if (name === 'audit-access') return { done: false, seen: 0, progress: {} };
          throw denied();
        };
      },
      {
        fact: 'consumerLooked',
        detail: { ok: false, consumer: 'api', detail: 'AccessDeniedException' },
      },
    ],
    [
      'a consumer that nobody can ask',
      ({ doors }) => {
        const { invoke } = doors.functions;
        doors.functions.invoke = async (name, request) => {
          if (name === 'ask-health') throw denied();
          return invoke(name, request);
        };
      },
      {
        fact: 'consumerAsked',
        detail: { ok: false, consumer: 'api', detail: 'AccessDeniedException' },
      },
    ],
    [
      'a consumer that is not well today',
      ({ doors }) => {
        const { invoke } = doors.functions;
        doors.functions.invoke = async (name, request) =>
          name === 'ask-health'
            ? {
                healthy: false,
                proof: 'answered',
                looks: [
                  { name: 'GET /', ok: true, found: '200', milliseconds: 3 },
                  { name: 'GET /keys', ok: false, found: '500', milliseconds: 3 },
                ],
                onlyThisSecret: false,
              }
            : invoke(name, request);
      },
      {
        fact: 'consumerAsked',
        detail: { ok: false, consumer: 'api', proof: 'answered', detail: 'GET /keys: 500' },
      },
    ],
  ])('%s', async (_title, arm, finding) => {
    const around = world({ secrets: [jwt], consumers: [served('api', ['jwt'])] });
    arm(around);
    await around.execute(drill);
    expect(await findingsOf(around)).toContainEqual(finding);
    expect((await around.records.getDrilled())?.outcome).toBe('findings');
  });

  test('a secret that cannot be described, of which the rest is asked all the same', async () => {
    const around = world({ secrets: [jwt, database], consumers: [] });
    const { describe: described } = around.doors.secretsManager;
    around.doors.secretsManager.describe = async (secretId) => {
      if (secretId === 'pharmacy/prod/jwt') throw denied();
      return described(secretId);
    };
    const asked: object[] = [];
    around.doors.simulation.simulate = async ({ principal, actions, resources }) => {
      asked.push({ principal, actions, resources });
      return [];
    };
    await around.execute(drill);
    expect((await around.records.getStage(id, 'announce'))?.evidence[0]).toEqual({
      fact: 'secretNotDescribed',
      detail: { ok: false, name: 'pharmacy/prod/jwt', detail: 'AccessDeniedException' },
    });
    expect(asked).toContainEqual({
      principal: role('own/in-emergency'),
      actions: ['secretsmanager:RotateSecret'],
      resources: [arnOf('pharmacy/prod/db')],
    });
  });
});

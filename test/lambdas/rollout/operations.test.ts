/** What others ask of the rollout's function: to stop and start consumers, and how they are deployed. */
import { describe, expect, test } from '@jest/globals';
import { consumerPostureFoundSchema } from '../../../domain/events/operator-requests.ts';
import { consumersStoppedSchema } from '../../../domain/events/rollout.ts';
import { survivedKinds } from '../../in-process/faults.ts';
import { api, service, world } from './world.ts';

const place = { cluster: 'pharmacy', service: 'api' };

function scaled(consumers = [api]) {
  const stage = world(consumers);
  stage.scaling.putTarget({ ...place, minCapacity: 2, maxCapacity: 6, policy: true });
  const pass = (seconds: number) =>
    stage.clock.advanceTo(new Date(stage.clock.now().getTime() + seconds * 1000));
  const ask = async (operation: 'stop' | 'start', names = ['api']) => {
    stage.faults.begin(operation);
    return consumersStoppedSchema.parse(
      await stage.ask({ operation, consumers: names, by: 'arn:execution' }),
    );
  };
  const found = async () => ({
    service: await stage.doorOf.ecs.look(place),
    suspended: (await stage.doorOf.autoscaling.look(place))?.suspended,
  });
  return { ...stage, pass, asked: ask, found };
}
const none = { in: false, out: false, scheduled: false };
const all = { in: true, out: true, scheduled: true };

describe('stop and start', () => {
  test('remember what a service ran with, keep it at 0 against its autoscaling, and give it back', async () => {
    const { asked, found, pass, records } = scaled();
    // What is stopped is over at once; tasks end some seconds later.
    expect((await asked('stop')).done).toBe(false);
    await pass(60);
    expect(await asked('stop')).toEqual({
      done: true,
      consumers: [
        { consumer: 'api', state: 'reached', detail: '0 tasks run, 0 pending, 0 wanted' },
      ],
    });
    await pass(3600);
    expect(await found()).toMatchObject({ service: { runningCount: 0 }, suspended: all });
    expect(await records.getCounts('api')).toMatchObject({
      desired: 2,
      autoscaling: { minimum: 2, maximum: 6, suspended: none },
      stoppedBy: 'arn:execution',
    });

    expect((await asked('start')).done).toBe(false);
    expect(await records.getCounts('api')).toBeDefined();
    await pass(60);
    expect((await asked('start')).consumers).toMatchObject([{ state: 'reached' }]);
    expect(await found()).toMatchObject({ service: { runningCount: 2 }, suspended: none });
    expect(await records.getCounts('api')).toBeUndefined();
    expect((await asked('start')).consumers).toMatchObject([{ state: 'reached' }]);
    expect((await found()).service?.desiredCount).toBe(2);
  });

  test('may be asked from anywhere in the middle: after every call of either that was cut off', async () => {
    const first = scaled();
    for (const operation of ['stop', 'start'] as const) {
      await first.asked(operation);
      await first.pass(60);
      await first.asked(operation);
    }
    const sites = [...first.faults.seen];
    expect(sites).toEqual(
      expect.arrayContaining(['stop/ecs.setDesiredCount#1', 'start/records.removeCounts#1']),
    );
    for (const site of sites) {
      for (const kind of survivedKinds) {
        const { asked, found, pass, faults, records } = scaled();
        faults.arm(site, kind);
        const until = async (operation: 'stop' | 'start') => {
          for (let times = 0; times < 6; times++) {
            const { consumers } = await asked(operation);
            if (consumers.every(({ state }) => state === 'reached')) return;
            await pass(60);
          }
        };
        await until('stop');
        const where = `${kind} at ${site}`;
        expect([where, await found()]).toEqual([
          where,
          expect.objectContaining({
            service: expect.objectContaining({ runningCount: 0, desiredCount: 0 }),
          }),
        ]);
        await until('start');
        expect([where, await found()]).toEqual([
          where,
          {
            service: expect.objectContaining({ runningCount: 2, desiredCount: 2 }),
            suspended: none,
          },
        ]);
        expect([where, await records.getCounts('api')]).toEqual([where, undefined]);
      }
    }
  });

  test('regression: what it ran with is not forgotten where one starts it while another stops it', async () => {
    const { asked, found, pass, records } = scaled();
    await asked('stop');
    await pass(60);
    await asked('start');
    await pass(60);
    const remove = records.removeCounts;
    records.removeCounts = async (...looked) => {
      records.removeCounts = remove;
      await asked('stop');
      return remove(...looked);
    };
    await asked('start');
    await pass(60);
    await asked('stop');
    await asked('start');
    await pass(60);
    expect(await found()).toMatchObject({ service: { runningCount: 2, desiredCount: 2 } });
  });

  test('leave an autoscaling as it was that somebody had suspended before', async () => {
    const { asked, found, pass, scaling } = scaled();
    const suspended = {
      DynamicScalingInSuspended: true,
      DynamicScalingOutSuspended: false,
      ScheduledScalingSuspended: false,
    };
    scaling.putTarget({ ...place, minCapacity: 2, maxCapacity: 6, suspended });
    await asked('stop');
    await pass(60);
    await asked('start');
    await pass(60);
    await asked('start');
    expect((await found()).suspended).toEqual({ in: true, out: false, scheduled: false });
  });

  test('say what cannot be stopped, and stop the others all the same', async () => {
    const hook = {
      ...api,
      name: 'hook',
      restart: { by: 'webhook' as const, url: 'https://a.example.com/', signingSecret: 's' },
    };
    const { restart: _, ...bare } = api;
    const gone = {
      ...api,
      name: 'gone',
      restart: { ...place, by: 'ecs' as const, service: 'gone' },
    };
    const { asked, found } = scaled([api, hook, { ...bare, name: 'bare' }, gone]);
    const { consumers } = await asked('stop', ['gone', 'hook', 'bare', 'api']);
    expect(consumers.map(({ consumer, state }) => [consumer, state])).toEqual([
      ['gone', 'failed'],
      ['hook', 'cannot'],
      ['bare', 'cannot'],
      ['api', 'underWay'],
    ]);
    expect((await found()).service?.desiredCount).toBe(0);
    await expect(asked('stop', ['api', 'nobody'])).rejects.toThrow(
      /rolls out no consumer named nobody/,
    );
  });
});

describe('posture', () => {
  const jwtValue = 'dGhpcyBpcyB0aGUgdmFsdWUgb2YgdGhlIHNlY3JldCBub2JvZHkgbWF5IHNlZQ';
  const environment = [
    { name: 'RUST_LOG', value: 'api=info,sqlx=debug' },
    { name: 'NODE_ENV', value: 'development' },
    { name: 'JWT_SECRET', value: jwtValue },
    { name: 'SESSION_KEY', value: 'dev-secret-change-me' },
    { name: 'LEGACY', value: 'development-secret-key-32-characters' },
    { name: 'PORT', value: '8080' },
    { name: 'DATABASE_HOST', value: 'localhost' },
    { name: 'LOG_FORMAT', value: 'debug' },
    { name: 'PARTNER_TOKEN', value: '' },
  ];
  async function posture(containers: { environment?: object[]; secrets?: object[] }) {
    const stage = world();
    stage.services.putService({
      ...service,
      taskDefinition: {
        family: 'api',
        containerDefinitions: [{ name: 'app', ...containers }] as never,
      },
    });
    return consumerPostureFoundSchema.parse(
      await stage.ask({ operation: 'posture', consumer: 'api' }),
    );
  }
  const short = ({ findings }: Awaited<ReturnType<typeof posture>>) =>
    findings.map(({ variable, code, level }) => `${variable} ${code} ${level}`);

  test('finds talkative logs, development modes, fallbacks and plain secrets, and tells no value', async () => {
    const found = await posture({ environment });
    expect(found.looked).toMatch(/task-definition\/api:\d$/);
    expect(short(found)).toEqual([
      'RUST_LOG LOG_LEVEL_VERBOSE warns',
      'NODE_ENV NOT_PRODUCTION warns',
      'JWT_SECRET PLAINTEXT_SECRET blocks',
      'SESSION_KEY DEVELOPMENT_FALLBACK blocks',
      'LEGACY DEVELOPMENT_FALLBACK blocks',
    ]);
    const text = JSON.stringify(found);
    for (const { value } of environment.slice(2, 5)) expect(text).not.toContain(value);
    expect(found.findings[2]?.message).toContain('expected secrets.valueFrom');
  });

  test('follows valueFrom to the managed secret, and no further', async () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:pharmacy/prod/jwt-AbCdEf';
    const from = async (valueFrom: string, name = 'JWT_SECRET') =>
      short(await posture({ secrets: [{ name, valueFrom }] }));
    expect(await from(`${arn}:JWT_SECRET::`)).toEqual([]);
    expect(await from(arn)).toEqual([]);
    expect(await from(`${arn}:JWT_SECRET:AWSCURRENT:`)).toEqual([]);
    expect(await from(`${arn}:JWT_SECRET:AWSPREVIOUS:`)).toEqual([
      'JWT_SECRET COPY_OF_SECRET blocks',
    ]);
    expect(await from(`${arn}:JWT_SECRET::11111111-1111-4111-8111-111111111111`)).toHaveLength(1);
    const parameter = 'arn:aws:ssm:eu-west-1:000000000000:parameter/app/JWT';
    expect(await from(parameter)).toEqual(['JWT_SECRET COPY_OF_SECRET warns']);
    expect(await from(parameter, 'PARTNER_TOKEN')).toEqual([]);
  });

  test('says of what it cannot look at that it has not', async () => {
    const { restart: _, ...bare } = api;
    const { ask } = world([{ ...bare, name: 'bare' }]);
    expect(await ask({ operation: 'posture', consumer: 'bare' })).toEqual({
      consumer: 'bare',
      findings: [],
      unchecked: ['bare names no restart: where it runs, nobody here knows'],
    });
    await expect(ask({ operation: 'posture', consumer: 'bare', value: 1 })).rejects.toMatchObject({
      code: 'ERR_ROTATION_INVALID_TASK',
    });
  });
});

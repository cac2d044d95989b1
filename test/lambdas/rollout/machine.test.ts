/** The rollout of one consumer from its first state to its last, against ECS as the sandbox runs it. */
import { describe, expect, test } from '@jest/globals';
import { ServiceException } from '../../../sandbox/service.ts';
import { survivedKinds } from '../../in-process/faults.ts';
import { api, bad, held, input, jwt, service, v2, world } from './world.ts';

const breaker = {
  deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
};
// `npm test` meets every call with one of three faults, `npm run proof` with all.
const isFull = process.env.PROOF === 'full';
const seed = Number(process.env.SEED ?? 20_260_517);

const seconds = (from: string, to: string | undefined) =>
  (new Date(to ?? '').getTime() - new Date(from).getTime()) / 1000;

describe('a consumer that learns by a restart', () => {
  test('is asked, restarted, waited for and asked again until three looks in a row are good', async () => {
    const { execute, record, deployments, questions, tasks, records } = world();
    expect(await execute()).toBe('SUCCEEDED');
    const found = await record();
    expect(found).toMatchObject({ state: 'healthy', wasHealthy: true, proof: 'held' });
    expect(deployments).toEqual([found?.restart]);
    // Before, too: the answer then tells what this very rotation broke from what was broken already.
    expect(questions.map(({ expected }) => expected)).toEqual(
      Array.from({ length: 4 }, () => input().expected),
    );
    expect(tasks).toEqual([
      ...['begin', 'lock', 'baseline', 'restart'],
      ...Array.from({ length: 5 }, () => 'steady'),
      ...['health', 'health', 'health', 'healthy'],
    ]);
    // Tasks are healthy after 40 s, looked at every 10; three looks, 10 s apart.
    expect(seconds(found?.startedAt ?? '', found?.at)).toBe(60);
    const lock = records.locks.get('api');
    expect(lock?.expiresAt).toBe(found?.at);
  });

  test('is not touched a second time in the same round, and restarted once more in the next', async () => {
    const { execute, record, deployments, tasks } = world();
    await execute();
    tasks.length = 0;
    expect(await execute()).toBe('SUCCEEDED');
    expect(tasks).toEqual(['begin']);
    expect(await execute({ round: 'use' })).toBe('SUCCEEDED');
    expect(deployments).toHaveLength(2);
    // How it was before was asked once, for both rounds.
    expect(tasks).not.toContain('baseline');
    expect((await record({ round: 'use' }))?.wasHealthy).toBe(true);
    expect(await execute({ round: 'confirm' })).toBe('SUCCEEDED');
    expect(deployments).toHaveLength(2);
  });

  test('whose circuit breaker takes the deployment back is unhealthy, and the lock is free', async () => {
    const { execute, record, services, records } = world();
    services.putService({ ...service, ...breaker });
    services.behave({ cluster: 'pharmacy', name: 'api', behaviour: { tasks: 'fail', times: 3 } });
    expect(await execute()).toBe('ConsumerUnhealthyError');
    const found = await record();
    expect(found).toMatchObject({ state: 'unhealthy', wasHealthy: true });
    expect(found?.reason).toMatch(/^ConsumerNotSteadyError: api was restarted .*(circuit breaker)/);
    expect(records.locks.get('api')?.expiresAt).toBe(found?.at);
  });

  test('is unhealthy even where nobody looked while the failed deployment was listed', async () => {
    const { execute, record, services, before } = world();
    services.putService({ ...service, ...breaker });
    services.behave({ cluster: 'pharmacy', name: 'api', behaviour: { tasks: 'fail', times: 2 } });
    let looks = 0;
    before.task = (task) => {
      if (task !== 'steady') return;
      looks += 1;
      // Two minutes in a row: by then the deployment that takes ours back is steady.
      if (looks <= 6) throw new ServiceException('TooManyRequestsException', 'Rate exceeded', 429);
    };
    expect(await execute()).toBe('ConsumerUnhealthyError');
    expect(looks).toBe(7);
    expect(services.described()[0]).toMatchObject({ runningCount: 2, deployments: [{}] });
    expect((await record())?.reason).toContain('the deployment failed');
  });

  test('that never gets steady is unhealthy when its time is over, not before', async () => {
    const { execute, record, services } = world();
    services.behave({ cluster: 'pharmacy', name: 'api', behaviour: { tasks: 'fail' } });
    expect(await execute()).toBe('ConsumerUnhealthyError');
    const found = await record();
    expect(found?.reason).toContain('within 600 s of the restart');
    expect(seconds(found?.restartedAt ?? '', found?.at)).toBe(600);
  });

  test('that somebody deploys meanwhile is waited for with that deployment', async () => {
    const { start, record, services, clock } = world();
    await start();
    await clock.settle(5_000);
    const own = (await record())?.restart;
    services.find('pharmacy', 'api').update({
      deploy: services.taskDefinitions.register(
        { family: 'api', containerDefinitions: [{ name: 'app', image: 'api:2' }] },
        clock.now(),
      ),
    });
    await clock.settle(3600_000);
    expect(await record()).toMatchObject({ state: 'healthy', restart: own });
  });
});

describe('health', () => {
  test('that flaps is not well: the count begins anew, and the time runs out', async () => {
    const { execute, record, health } = world();
    health.answer = (n) => (n === 1 || n % 3 !== 0 ? held : bad('500'));
    expect(await execute()).toBe('ConsumerUnhealthyError');
    const found = await record();
    expect(found).toMatchObject({ state: 'unhealthy', wasHealthy: true });
    expect(found?.reason).toMatch(/expected 3 good looks in a row within 120 s/);
  });

  test('that is bad now and then ends well: the count begins anew with each bad look', async () => {
    const { execute, record, health, questions } = world();
    // The first one is asked before anything was done.
    health.answer = (n) => ([3, 6].includes(n) ? bad() : held);
    expect(await execute()).toBe('SUCCEEDED');
    expect((await record())?.state).toBe('healthy');
    expect(questions).toHaveLength(1 + 8);
  });

  test('that was bad before is remembered so: a failure is none of this rotation', async () => {
    const { execute, record, health } = world();
    health.answer = () => bad();
    expect(await execute()).toBe('ConsumerUnhealthyError');
    expect(await record()).toMatchObject({ state: 'unhealthy', wasHealthy: false });
  });

  test('where only this secret does not work was well before: the rotation made it so', async () => {
    const { execute, record, health } = world();
    health.answer = (n) => (n === 1 ? { ...bad(), onlyThisSecret: true } : held);
    expect(await execute()).toBe('SUCCEEDED');
    expect((await record())?.wasHealthy).toBe(true);
  });

  test('whose function cannot be asked before leaves that open; afterwards it is our failure', async () => {
    const { execute, record, health } = world();
    health.answer = (n) => {
      if (n < 2) throw new Error('no way to there');
      return held;
    };
    expect(await execute()).toBe('SUCCEEDED');
    expect((await record())?.wasHealthy).toBeUndefined();
    health.answer = () => {
      throw new Error('no way to there');
    };
    expect(await execute({ versionId: v2 })).toBe('RolloutFailedError');
    expect((await record({ versionId: v2 }))?.state).toBe('failed');
  });

  test('proves no more than the weakest look in a row', async () => {
    const { execute, record, health } = world();
    health.answer = (n) => (n === 3 ? { ...held, proof: 'answered' } : held);
    await execute();
    expect((await record())?.proof).toBe('answered');
  });
});

describe('what there is to do', () => {
  const { restart: _, health: __, ...bare } = api;

  test('nothing for who is neither restarted nor asked: no lock, proof none', async () => {
    const { execute, record, tasks } = world([{ ...bare, learns: 'refresh' }]);
    expect(await execute()).toBe('SUCCEEDED');
    expect(tasks).toEqual(['begin', 'healthy']);
    expect(await record()).toMatchObject({ state: 'healthy', proof: 'none' });
  });

  test('only questions for who reads again by itself', async () => {
    const { execute, deployments, questions } = world([{ ...api, learns: 'refresh' }]);
    expect(await execute()).toBe('SUCCEEDED');
    expect(deployments).toEqual([]);
    expect(questions).toHaveLength(4);
  });

  test('nothing at all for a consumer that is not of this deployment', async () => {
    const { execute, record, log } = world();
    expect(await execute({ consumer: 'other' })).toBe('RolloutFailedError');
    expect(await record({ consumer: 'other' })).toBeUndefined();
    expect(log.lines.find(({ event }) => event === 'failed')?.fields.reason).toContain(
      'UnknownConsumerError',
    );
  });
});

describe('two secrets of one consumer', () => {
  const other = { secretName: 'pharmacy/prod/pii', versionId: v2 };

  test('restart it one after the other', async () => {
    const { start, record, clock, deployments } = world();
    await start();
    await start(other);
    await clock.settle(40_000);
    expect(deployments).toHaveLength(1);
    expect((await record(other))?.state).toBe('waiting');
    await clock.settle(3600_000);
    expect((await record())?.state).toBe('healthy');
    expect((await record(other))?.state).toBe('healthy');
    expect(deployments).toHaveLength(2);
  });

  test('go on when whoever had it died: its lock expires', async () => {
    const { execute, record, records, clock } = world();
    const at = clock.now();
    const expiresAt = new Date(at.getTime() + 900_000).toISOString();
    await records.takeLock('api', { owner: `${jwt}#dead`, at: at.toISOString(), expiresAt });
    expect(await execute()).toBe('SUCCEEDED');
    const { restartedAt = '' } = (await record()) ?? {};
    expect(seconds(at.toISOString(), restartedAt)).toBe(900);
  });

  test('do not wait for ever for one that is kept', async () => {
    const { execute, record, records, clock } = world();
    const at = clock.now().toISOString();
    const expiresAt = new Date(clock.now().getTime() + 86_400_000).toISOString();
    await records.takeLock('api', { owner: `${jwt}#kept`, at, expiresAt });
    expect(await execute()).toBe('RolloutFailedError');
    expect((await record())?.reason).toMatch(
      /LockHeldError: api is being restarted for .*#kept until/,
    );
  });
});

describe('a run that is cut off', () => {
  test('at any call, before it, after it with its answer lost, or told twice, is resumed with no second restart', async () => {
    const first = world();
    await first.execute();
    const sites = [...first.faults.seen];
    expect(sites).toEqual(
      expect.arrayContaining(['restart/ecs.forceNewDeployment#1', 'restart/records.takeLock#1']),
    );
    const unended: string[] = [];
    for (const [index, site] of sites.entries()) {
      for (const kind of survivedKinds.filter((_, at) => isFull || at === (seed + index) % 3)) {
        const where = `${kind} at ${site}${isFull ? '' : ` (SEED=${seed})`}`;
        const { execute, record, faults, deployments, before, clock, records } = world();
        // As with StopExecution: nothing of it runs any more, not even the task that would say so.
        let isStopped = true;
        before.task = () => {
          if (isStopped && faults.fired > 0) throw new Error('stopped');
        };
        faults.arm(site, kind);
        await execute();
        isStopped = false;
        if ((await record())?.state !== 'healthy') unended.push(where);
        expect([where, await execute()]).toEqual([where, 'SUCCEEDED']);
        expect([where, (await record())?.state]).toEqual([where, 'healthy']);
        const twice = kind === 'twice' && site === 'restart/ecs.forceNewDeployment#1' ? 2 : 1;
        expect([where, new Set(deployments).size]).toEqual([where, twice]);
        const free = records.locks.get('api')?.expiresAt ?? '';
        expect([where, new Date(free) <= clock.now()]).toEqual([where, true]);
      }
    }
    expect(unended.length).toBeGreaterThan((isFull ? 2 : 0.5) * sites.length);
  });

  test('between the call and its record leaves a restart that the platform shows', async () => {
    const { start, execute, record, records, deployments, clock } = world();
    await start();
    await clock.settle(3_000);
    // The record is as it was before ECS was called: nothing but the decision.
    const key = {
      secretName: jwt,
      versionId: input().versionId,
      round: 'publish',
      consumer: 'api',
    };
    await records.updateRollout(key, (standing) => {
      const { restart: _, ...decided } = standing ?? ({} as never);
      return { ...decided, state: 'restarting' };
    });
    expect(await execute()).toBe('SUCCEEDED');
    expect(deployments).toEqual([(await record())?.restart]);
  });

  test('is gone on with by one execution; the other leaves record and lock alone', async () => {
    const { start, record, clock, bench, deployments } = world();
    const arn = await start();
    await clock.settle(15_000);
    const second = await start();
    await clock.settle(3600_000);
    expect((await bench.described(arn)).error).toBe('RolloutFailedError');
    expect((await bench.described(second)).status).toBe('SUCCEEDED');
    expect(await record()).toMatchObject({ state: 'healthy', execution: second });
    expect(deployments).toHaveLength(1);
  });

  test('by its own failure is resumed with another restart, by ours without one', async () => {
    const { execute, health, deployments, record } = world();
    health.answer = (n) => (n === 1 ? held : bad());
    expect(await execute()).toBe('ConsumerUnhealthyError');
    health.answer = () => held;
    expect(await execute()).toBe('SUCCEEDED');
    expect(deployments).toHaveLength(2);
    expect((await record())?.wasHealthy).toBe(true);

    health.answer = () => {
      throw new Error('broken');
    };
    expect(await execute({ versionId: v2 })).toBe('RolloutFailedError');
    health.answer = () => held;
    expect(await execute({ versionId: v2 })).toBe('SUCCEEDED');
    expect(deployments).toHaveLength(3);
  });
});

test('a consumer that takes a day stays far below the events an execution may have', async () => {
  const slow = {
    ...api,
    steadySeconds: 86_400,
    health: { ...api.health, everySeconds: 1, withinSeconds: 86_400 },
  };
  const { start, bench, clock, services, health } = world([slow as typeof api]);
  services.behave({
    cluster: 'pharmacy',
    name: 'api',
    behaviour: { tasks: 'start', runningAfterSeconds: 86_000, steadyAfterSeconds: 86_100 },
  });
  health.answer = (n) => (n === 1 ? held : bad());
  const arn = await start();
  await clock.settle(3 * 86_400_000);
  const events: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = (await bench.run('GetExecutionHistory', {
      executionArn: arn,
      maxResults: 1000,
      ...(nextToken && { nextToken }),
    })) as unknown as { events: { type: string }[]; nextToken?: string };
    events.push(...page.events.map(({ type }) => type));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  expect(events.at(-1)).toBe('ExecutionFailed');
  expect(events.length).toBeGreaterThan(5_000);
  expect(events.length).toBeLessThan(12_000);
});

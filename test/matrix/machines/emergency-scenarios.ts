/** Emergencies, drills, and what is told of one that died: how each must end whatever failed once. */
import { expect } from '@jest/globals';
import { id, input, jwt, scalar, served, suspect } from '../../lambdas/emergency/deployment.ts';
import { type EmergencyOptions, emergencyRun, goOn, namedState, verify } from './emergency-run.ts';
import type { FaultyCalls } from './faulty-calls.ts';
import type { Scenario } from './schedules.ts';

interface Case extends EmergencyOptions {
  readonly exposed: readonly string[];
  /** Consumers that run in the end; the others wait for their rows. */
  readonly running: readonly string[];
}

const readers = { secrets: [scalar], consumers: [served('api', ['pii'])] };

const cases: Record<string, Case> = {
  'one secret exposed, the others rotated, a suspect denied': {
    input: { ...input, secrets: ['jwt'], others: true, suspects: [suspect] },
    exposed: ['jwt', 'db'],
    running: ['api', 'mailer'],
  },
  'a key that its readers must not meet': {
    world: readers,
    input: { ...input, secrets: ['pii'] },
    exposed: ['pii'],
    running: [],
  },
  'a drill': {
    world: { secrets: [jwt], consumers: [served('api', ['jwt'])] },
    input: { ...input, secrets: ['jwt'], drill: true, suspects: [suspect] },
    exposed: [],
    running: ['api'],
  },
  'an execution that is stopped while consumers are': {
    world: { secrets: [jwt], consumers: [served('api', ['jwt'])] },
    input: { ...input, secrets: ['jwt'] },
    stoppedAt: 'promoted',
    exposed: ['jwt'],
    running: ['api'],
  },
  'a denial that is lifted': {
    world: { secrets: [jwt], consumers: [] },
    input: { ...input, secrets: ['jwt'], suspects: [suspect] },
    exposed: ['jwt'],
    running: [],
    lift: true,
  },
};

export const emergencyScenarios: Scenario[] = Object.entries(cases).map(([name, options]) => ({
  name,
  run: async (calls: FaultyCalls) => {
    const around = await emergencyRun(calls, options);
    const status = await around.execute(options.input, 'first');
    await namedState(around, status);
    if (options.lift === true && status === 'SUCCEEDED') {
      await around.execute({ lift: id }, 'lifting');
    }
    calls.repair();
    await goOn(around, options.input);
    if (options.lift === true) {
      await around.execute({ lift: id }, 'lifting-again');
      expect([...around.denied]).toEqual([]);
    }
    await verify(around, options.exposed);
    const running = [...around.running].flatMap(([consumer, runs]) => (runs ? [consumer] : []));
    expect(running).toEqual(options.running);
    if ((options.input as { drill?: boolean }).drill === true) expect(around.effects).toEqual([]);
  },
}));

/** The events of every function that is deployed, at its door; behind it no other door opens. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type * as z from 'zod';
import { accessQuestionSchema } from '../../../domain/events/access-audit.ts';
import { announcedSchema } from '../../../domain/events/announced.ts';
import { diagnoseSchema, resumeSchema } from '../../../domain/events/diagnosis.ts';
import { drillRequestSchema } from '../../../domain/events/drill.ts';
import { ejectRequestSchema } from '../../../domain/events/eject-operation.ts';
import { emergencyInputSchema } from '../../../domain/events/emergency.ts';
import { fingerprintsQuestionSchema } from '../../../domain/events/fingerprints.ts';
import {
  consumerPostureSchema,
  executeBootstrapSchema,
  executeRowsSchema,
  planBootstrapSchema,
  planRowsSchema,
  rehearseSchema,
  restoreLoginSchema,
} from '../../../domain/events/operator-requests.ts';
import { reencryptionOperations } from '../../../domain/events/reencryption.ts';
import {
  healthQuestionSchema,
  rolloutInputSchema,
  stopConsumersSchema,
} from '../../../domain/events/rollout.ts';
import { triggerDetails } from '../../../domain/events/triggers.ts';
import * as afterRotation from '../../../lambdas/after-rotation/progress.ts';
import { taskNames as afterRotationTasks } from '../../../lambdas/after-rotation/run-task.ts';
import { proveOldSchema } from '../../../lambdas/database/prove-old.ts';
import { proveProxySchema } from '../../../lambdas/database/prove-proxy.ts';
import { retireRoleSchema } from '../../../lambdas/database/retire-role.ts';
import * as emergency from '../../../lambdas/emergency/progress.ts';
import { taskNames as emergencyTasks } from '../../../lambdas/emergency/run-task.ts';
import { endedEventSchema } from '../../../lambdas/emergency/tasks/ended.ts';
import { taskNames as reencryptionTasks } from '../../../lambdas/reencryption/run-task.ts';
import * as reencryption from '../../../lambdas/reencryption/tasks/progress.ts';
import * as rollout from '../../../lambdas/rollout/progress.ts';
import { entries } from '../../bad-input/entries.ts';
import { secretArn, step } from '../../bad-input/stage.ts';
import { task as afterRotationTask, labelEvent } from '../../bad-input/stage-machines.ts';
import { documents } from '../mutations.ts';
import { ofSchema } from '../of-schema.ts';
import { settled, type Target } from '../target.ts';

const execution = 'arn:aws:states:eu-west-1:000000000000:execution:m:1';
const draws = (...schemas: z.ZodType[]) => fc.oneof(...schemas.map((schema) => ofSchema(schema)));

/** A task of a machine: any of its progresses with any of its tasks, and with what stands in every one. */
const tasks = (
  names: readonly string[],
  progress: fc.Arbitrary<unknown>,
  more: object = {},
): fc.Arbitrary<unknown> =>
  fc.tuple(fc.constantFrom(...names), progress).map(([name, given]) => ({
    task: name,
    execution,
    progress: { ...(given as object), ...more },
  }));

const envelope = (source: string, type: fc.Arbitrary<string>, detail: fc.Arbitrary<unknown>) =>
  fc.tuple(type, detail).map(([detailType, given]) => ({
    id: '00000000-0000-4000-8000-000000000001',
    source,
    'detail-type': detailType,
    account: '000000000000',
    time: '2026-05-17T17:00:01Z',
    detail: given,
  }));

const steps = fc
  .constantFrom('createSecret', 'setSecret', 'testSecret', 'finishSecret')
  .map((name) => step(name, { RotationToken: 'cccccccc-cccc-4ccc-8ccc-cccccccccccc' }));
const operations = draws(
  diagnoseSchema,
  resumeSchema,
  ejectRequestSchema,
  rehearseSchema,
  restoreLoginSchema,
  proveOldSchema,
  proveProxySchema,
  retireRoleSchema,
);
const rotation = fc.oneof(steps, operations);
const body = JSON.stringify({
  action: 'created',
  alert: { number: 1, secret_type: 'x', html_url: 'https://github.com/a/b' },
  repository: { full_name: 'a/b' },
});
const webhook = fc.constant({
  headers: {
    'x-hub-signature-256': `sha256=${createHmac('sha256', 'x').update(body).digest('hex')}`,
    'x-github-event': 'secret_scanning_alert',
  },
  body,
  isBase64Encoded: false,
  requestContext: { http: { method: 'POST' } },
});
const reencrypted = {
  secretName: 'pharmacy/prod/jwt',
  secretArn: secretArn.replace('secret-A', 'jwt-A'),
};

const seeds: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'access-audit': ofSchema(accessQuestionSchema),
  'after-rotation': tasks(
    afterRotationTasks,
    draws(
      afterRotation.inputSchema,
      afterRotation.progressSchema,
      afterRotation.caughtSchema,
      afterRotation.reencryptionProgressSchema,
    ),
  ),
  drill: ofSchema(drillRequestSchema),
  emergency: fc.oneof(
    ofSchema(endedEventSchema),
    tasks(
      emergencyTasks,
      draws(emergency.loopSchema, emergency.secretProgressSchema, emergency.askedProgressSchema),
      {
        stage: 'protect',
        error: { Error: 'X', Cause: '{"errorMessage":"y"}' },
      },
    ),
    tasks(
      ['begin'],
      ofSchema(emergencyInputSchema).map((input) => ({ input, startedAt: '2026-05-17T17:00:02Z' })),
    ),
  ),
  fingerprints: ofSchema(fingerprintsQuestionSchema),
  github: webhook,
  health: ofSchema(healthQuestionSchema),
  notify: envelope(
    'quarterturn.audit',
    fc.constantFrom('credential-secret-rotation', 'credential-emergency'),
    ofSchema(announcedSchema),
  ).map((event) => ({ ...event, 'detail-type': (event.detail as { type?: string }).type })),
  operator: draws(planBootstrapSchema, executeBootstrapSchema, planRowsSchema, executeRowsSchema),
  reencryption: fc.oneof(
    tasks(
      reencryptionTasks,
      draws(reencryption.inputSchema, reencryption.begunSchema, reencryption.progressSchema),
      reencrypted,
    ),
    draws(...Object.values(reencryptionOperations)),
  ),
  rollout: fc.oneof(
    tasks(
      [
        'begin',
        'lock',
        'baseline',
        'restart',
        'steady',
        'health',
        'healthy',
        'unhealthy',
        'failed',
      ],
      draws(
        rolloutInputSchema,
        rollout.progressSchema,
        rollout.baselineSchema,
        rollout.caughtSchema,
      ),
    ),
    draws(consumerPostureSchema, stopConsumersSchema),
  ),
  starter: fc.constant(labelEvent()),
  sync: fc.constant(afterRotationTask('sync')),
  triggers: fc.oneof(
    ...Object.entries(triggerDetails).map(([type, schema]) =>
      envelope('quarterturn.trigger', fc.constant(type), ofSchema(schema)),
    ),
    envelope(
      'aws.guardduty',
      fc.constant('GuardDuty Finding'),
      fc.constant({ id: 'x', type: 'UnauthorizedAccess:IAMUser/A' }),
    ),
    envelope('aws.events', fc.constant('Scheduled Event'), fc.constant({})),
  ),
  jwt: rotation,
  encryption: rotation,
  database: rotation,
  'database singleUser': rotation,
  'user-managed': rotation,
};

export const eventTargets: readonly Target<never>[] = Object.entries(entries).map(
  ([room, entry]): Target<never> => ({
    name: `lambdas/${room}: its events`,
    inputs: (canary) => documents(seeds[room] ?? fc.constant({}), canary) as fc.Arbitrary<never>,
    async run(event) {
      const sent = await entry(event);
      const { answer, error, threw } = await settled(sent.work);
      if (threw) throw error;
      return { answer, told: await sent.told() };
    },
  }),
);

/** Every entry has what it begins with: a room that is added without would be attacked with nothing. */
export const withoutSeeds = Object.keys(entries).filter((room) => seeds[room] === undefined);

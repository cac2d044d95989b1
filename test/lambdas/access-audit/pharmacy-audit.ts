/** An audit of the recorded log files: the deployment they are of, and doors that know it. */
import type { Manifest } from '../../../domain/config/manifest.ts';
import type {
  AccessAnswer,
  AccessAudit,
  AccessQuestion,
} from '../../../domain/events/access-audit.ts';
import { accessAnswerSchema } from '../../../domain/events/access-audit.ts';
import { auditAccess } from '../../../lambdas/access-audit/audit.ts';
import type { AccessAuditDoors } from '../../../lambdas/access-audit/doors.ts';
import type { Deployed } from '../../../lambdas/access-audit/question.ts';
import { recordedLog } from '../../doors/recorded.ts';
import { pharmacy, signingSecret } from '../pharmacy.ts';
import { recordedHistory } from './recorded-trail.ts';

export const account = '000000000000';
const named = (part: string) => `quarterturn-pharmacy-prod-${part}`;
export const keyArn = `arn:aws:kms:eu-west-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
export const roleArn = (name: string) => `arn:aws:iam::${account}:role/${name}`;
export const userArn = (name: string) => `arn:aws:iam::${account}:user/${name}`;
export const versions = {
  first: '11111111-1111-4111-8111-111111111111',
  second: '22222222-2222-4222-8222-222222222222',
  third: '33333333-3333-4333-8333-333333333333',
};

export const manifest: Manifest = {
  ...pharmacy,
  secrets: [
    { ...signingSecret('jwt'), function: named('jwt') },
    { ...signingSecret('db'), function: named('db') },
  ],
  consumers: [
    { name: 'api', reads: ['jwt'], policy: named('reader-api'), learns: 'refresh' },
    { name: 'worker', reads: ['jwt', 'db'], policy: named('reader-worker'), learns: 'restart' },
  ],
  sync: {
    function: named('sync-copies'),
    targets: [
      { secret: 'jwt', target: 'ssm /pharmacy/prod/JWT' },
      { secret: 'db', target: 'github example/pharmacy DB', credential: 'token' },
    ],
  },
  emergency: {
    machine: named('emergency'),
    function: named('in-emergency'),
    accessAudit: named('audit-access'),
    fingerprints: named('take-fingerprints'),
    policy: named('emergency-policy'),
    stopConsumers: true,
    suspects: [],
    hasTrail: false,
    regions: ['eu-west-1', 'eu-central-1'],
  },
};

export const deployed: Deployed = {
  manifest,
  account,
  partition: 'aws',
  keys: [keyArn],
  breakGlassRole: roleArn('on-call/break-glass'),
};

/** A whole day, well after it was delivered. */
export const theDay: AccessQuestion = {
  operation: 'readers',
  secrets: ['jwt', 'db'],
  since: '2026-05-17T06:00:00.000Z',
  until: '2026-05-18T06:00:00.000Z',
};

/** A clock that only sleeping moves. */
export function sleepingClock(start = '2026-05-18T12:00:00Z') {
  let now = Date.parse(start);
  return {
    now: () => new Date(now),
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

export function doorsOf(changed: Partial<AccessAuditDoors> = {}) {
  const log = recordedLog();
  const clock = sleepingClock();
  return {
    history: recordedHistory(),
    trail: undefined,
    policies: {
      holdersOf: async (arn: string) => ({
        roles: arn.endsWith('reader-api') ? ['pharmacy-api-task'] : ['pharmacy-worker'],
        users: [],
        groups: [],
      }),
    },
    functions: {
      roleOf: async (name: string) =>
        name === named('jwt')
          ? roleArn('Quarterturn-pharmacy-prod-SecretjwtFunctionRole-1A2B3C')
          : undefined,
    },
    clock,
    log,
    ...changed,
  };
}

/** Asks until it is done; each answer must fit its schema, and come back through JSON as a state machine hands it on. */
export async function audited(
  doors: AccessAuditDoors,
  question: AccessQuestion = theDay,
  of: Deployed = deployed,
): Promise<{ audit: AccessAudit; calls: number }> {
  let progress: unknown;
  for (let calls = 1; calls <= 200; calls += 1) {
    const answer: AccessAnswer = accessAnswerSchema.parse(
      await auditAccess(doors, of, { ...question, ...(progress !== undefined && { progress }) }),
    );
    if (answer.done) return { audit: answer.audit, calls };
    progress = JSON.parse(JSON.stringify(answer.progress));
  }
  throw new Error('not done after 200 calls');
}

/** By the last part of its ARN, or as it is told. */
export const readerNamed = (audit: AccessAudit, name: string) =>
  audit.readers.find(({ principal }) => principal === name || principal.split('/').at(-1) === name);

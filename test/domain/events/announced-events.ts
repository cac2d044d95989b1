/** One event of each type, as they are put on the bus; a test changes what it is about. */
import type {
  ReencryptionAuditEvent,
  RotationAuditEvent,
  UnmanagedWriteEvent,
} from '../../../domain/events/audit-event.ts';
import type { EmergencyEvent } from '../../../domain/events/emergency.ts';
import type {
  CertificateNotice,
  FailedNotice,
  OverdueNotice,
  PlannedNotice,
  ReminderNotice,
  StartedNotice,
} from '../../../domain/events/notices.ts';
import type { CredentialTriggerEvent } from '../../../domain/events/triggers.ts';

const arnOf = (name: string) =>
  `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-AbCdEf`;
const secretOf = (key: string) => ({
  name: `pharmacy/prod/${key}`,
  arn: arnOf(`pharmacy/prod/${key}`),
});
const id = (digit: number) => `${digit}0000000-0000-4000-8000-000000000000`;
const published = '11111111-1111-4111-8111-111111111111';
const activated = '22222222-2222-4222-8222-222222222222';
const execution = (of: string, name: string) =>
  `arn:aws:states:eu-west-1:111122223333:execution:quarterturn-pharmacy-prod-${of}:${name}`;

export const planned: PlannedNotice = {
  type: 'credential-rotation-planned',
  version: 1,
  id: id(1),
  at: '2026-02-14T00:30:00.000Z',
  secret: secretOf('jwt'),
  kind: 'jwt',
  plannedAt: '2026-02-14T02:30:00.000Z',
  limitAt: '2026-02-19T02:30:00.000Z',
  logsEveryoneOut: false,
};

export const started: StartedNotice = {
  type: 'credential-rotation-started',
  version: 1,
  id: id(2),
  at: '2026-02-14T02:31:00.000Z',
  secret: secretOf('jwt'),
  kind: 'jwt',
  versionId: published,
  intent: 'planned',
  attributed: true,
  requestedBy: 'cadence',
  reason: 'due',
};

export const failed: FailedNotice = {
  type: 'credential-rotation-failed',
  version: 1,
  id: id(3),
  at: '2026-02-14T02:45:00.000Z',
  secret: secretOf('db'),
  kind: 'database',
  versionId: published,
  intent: 'planned',
  since: '2026-02-14T02:31:00.000Z',
  failure: {
    step: 'setSecret',
    code: 'ERR_ROTATION_DATABASE_UNREACHABLE',
    message: 'The server does not answer.',
    at: '2026-02-14T02:33:00.000Z',
  },
  login: 'works',
};

export const rotated: RotationAuditEvent = {
  type: 'credential-secret-rotation',
  version: 1,
  id: id(4),
  at: '2026-02-14T02:44:00.000Z',
  secret: secretOf('jwt'),
  kind: 'jwt',
  versionId: published,
  basedOn: '00000000-0000-4000-8000-000000000001',
  intent: 'planned',
  material: { primary: '9f2c41aa07be63d1', replaced: '1a77c0de55e1b002' },
  rotations: [
    {
      versionId: published,
      intent: 'planned',
      basedOn: '00000000-0000-4000-8000-000000000001',
      at: '2026-02-14T02:31:00.000Z',
      triggeredBy: { attributed: true, requestedBy: 'cadence', reason: 'due' },
      steps: {
        createSecret: { at: '2026-02-14T02:31:01.000Z', milliseconds: 412, outcome: 'created' },
        setSecret: { at: '2026-02-14T02:31:02.000Z', milliseconds: 9, outcome: 'set' },
        testSecret: { at: '2026-02-14T02:31:03.000Z', milliseconds: 31, outcome: 'tested' },
        finishSecret: { at: '2026-02-14T02:31:04.000Z', milliseconds: 288, outcome: 'finished' },
      },
      evidence: [{ fact: 'keyPublished', detail: { kid: '9f2c41aa07be63d1' } }],
    },
    {
      versionId: activated,
      intent: 'activate',
      basedOn: published,
      at: '2026-02-14T02:40:00.000Z',
      triggeredBy: { attributed: true, requestedBy: 'after-rotation' },
      steps: {
        finishSecret: { at: '2026-02-14T02:40:05.000Z', milliseconds: 301, outcome: 'finished' },
      },
      evidence: [{ fact: 'probeTokenVerified', detail: { kid: '9f2c41aa07be63d1' } }],
    },
  ],
  outcome: 'rotated',
  afterRotation: {
    execution: execution('after-rotation', published),
    startedAt: '2026-02-14T02:31:05.000Z',
    endedAt: '2026-02-14T02:43:30.000Z',
  },
  logsEveryoneOut: false,
};

export const rowsMoved: ReencryptionAuditEvent = {
  type: 'credential-reencryption',
  version: 1,
  id: id(5),
  at: '2026-02-14T05:10:00.000Z',
  secret: secretOf('pii'),
  versionId: activated,
  targetKid: 'c0ffee00c0ffee00',
  mode: 'online',
  execution: execution('reencryption', activated),
  job: {
    id: '7',
    epoch: '3',
    startedAt: '2026-02-14T02:45:00.000Z',
    endedAt: '2026-02-14T05:09:58.000Z',
  },
  outcome: 'verified',
  columns: [
    {
      columnId: 'patients.name',
      rewritten: 100_000,
      opened: 100_000,
      quarantined: 0,
      remaining: 0,
    },
    { columnId: 'patients.ssn', rewritten: 99_950, opened: 99_950, quarantined: 0, remaining: 0 },
  ],
  findings: [],
};

export const unmanaged: UnmanagedWriteEvent = {
  type: 'unmanaged-secret-write',
  version: 1,
  id: id(6),
  at: '2026-02-14T09:00:00.000Z',
  secret: secretOf('jwt'),
  versionId: '33333333-3333-4333-8333-333333333333',
};

export const overdue: OverdueNotice = {
  type: 'credential-overdue',
  version: 1,
  id: id(7),
  at: '2026-05-18T03:00:00.000Z',
  secret: secretOf('db'),
  kind: 'database',
  rotatedAt: '2025-11-18T03:00:00.000Z',
  limitAt: '2026-05-17T03:00:00.000Z',
  reason: 'rotation is switched off in Secrets Manager',
};

export const reminder: ReminderNotice = {
  type: 'credential-reminder',
  version: 1,
  id: id(8),
  at: '2026-03-01T03:00:00.000Z',
  secret: secretOf('anthropic'),
  purpose: 'Key of the Anthropic API, issued in its console.',
  changedAt: '2025-11-01T03:00:00.000Z',
  ageDays: 120,
  remindDays: 90,
};

export const certificate: CertificateNotice = {
  type: 'certificate-expiring',
  version: 1,
  id: id(9),
  at: '2026-06-01T03:00:00.000Z',
  deployment: 'pharmacy/prod',
  certificate: { name: 'www', source: 'www.pharmacy.example.com:443' },
  notAfter: '2026-06-15T12:00:00.000Z',
  daysLeft: 14,
};

export const triggered: CredentialTriggerEvent = {
  type: 'credential-trigger',
  version: 1,
  id: 'a0000000-0000-4000-8000-000000000000',
  at: '2026-04-02T08:15:00.000Z',
  deployment: 'pharmacy/prod',
  trigger: 'exposure',
  by: {
    account: '111122223333',
    source: 'bus',
    eventId: '44444444-4444-4444-8444-444444444444',
    reportedBy: 'secret scanning',
  },
  requestId: '55555555-5555-4555-8555-555555555555',
  reason: 'found in a public repository',
  outcome: 'accepted',
  secrets: [
    {
      key: 'jwt',
      name: 'pharmacy/prod/jwt',
      state: 'rotating',
      versionId: '66666666-6666-4666-8666-666666666666',
    },
    {
      key: 'pii',
      name: 'pharmacy/prod/pii',
      state: 'person',
      command: 'npx quarterturn rotate pii',
    },
  ],
};

export const emergency: EmergencyEvent = {
  type: 'credential-emergency',
  version: 1,
  id: 'b0000000-0000-4000-8000-000000000000',
  at: '2026-04-02T08:52:00.000Z',
  deployment: 'pharmacy/prod',
  emergency: '20260402t081500z-9f2c41aa07be63d1',
  phase: 'closed',
  drill: false,
  unattended: false,
  requestedBy: 'ada',
  reason: 'in a public repository',
  secrets: [
    {
      key: 'jwt',
      name: 'pharmacy/prod/jwt',
      exposed: true,
      state: 'proven',
      versionId: '66666666-6666-4666-8666-666666666666',
    },
    { key: 'anthropic', name: 'pharmacy/prod/anthropic', exposed: false, state: 'person' },
  ],
  startedAt: '2026-04-02T08:15:00.000Z',
  endedAt: '2026-04-02T08:51:30.000Z',
  deadAt: '2026-04-02T08:18:10.000Z',
  unknownReaders: 1,
  unknownReadersOfNew: 0,
  report: 's3://quarterturn-pharmacy-prod-incidents/20260402t081500z-9f2c41aa07be63d1/report.html',
};

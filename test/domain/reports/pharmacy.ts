/** A year of a deployment as it is read, deterministic: what the documents' picture and the tests are made of. */
import type { RotationAuditEvent } from '../../../domain/events/audit-event.ts';
import type { Evidence, Intent } from '../../../domain/events/control-records.ts';
import { formatDateLabel } from '../../../domain/policy/labels.ts';
import { deploymentReport } from '../../../domain/reports/deployment/build.ts';
import type { DeploymentFacts, FactsOfSecret } from '../../../domain/reports/deployment/facts.ts';
import type { DeploymentReport } from '../../../domain/reports/deployment-report.ts';
import type { SecretStatus } from '../../../domain/reports/status-report.ts';

export const now = new Date('2026-05-29T09:30:00Z');
const dayLength = 86_400_000;
const region = 'eu-west-1';
const account = '123456789012';
const kmsKeyId = `arn:aws:kms:${region}:${account}:key/6b1f7c52-2f0b-4d6e-9a43-0c5f7a1d9e88`;

type Kind = RotationAuditEvent['kind'];

export interface Rotation {
  readonly at: string;
  readonly intent?: Intent;
  readonly by?: string;
  readonly reason?: string;
  readonly outcome?: 'rotated' | 'stopped';
  readonly problem?: string;
  readonly evidence?: readonly Evidence[];
}

export const nameOf = (key: string): string => `pharmacy/prod/${key}`;
const arnOf = (key: string): string =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${nameOf(key)}-a1B2c3`;
export const versionId = (key: string, nth: number): string =>
  `${Buffer.from(key).toString('hex').slice(0, 12).padEnd(12, '0')}${String(nth).padStart(20, '0')}`;

/** A line of the audit log: the event as EventBridge delivers it. */
export const line = (detail: {
  readonly type: string;
  readonly at: string;
  readonly [field: string]: unknown;
}): string =>
  JSON.stringify({
    version: '0',
    source: 'quarterturn',
    'detail-type': detail.type,
    time: detail.at,
    detail,
  });

export function rotationEvent(
  key: string,
  kind: Kind,
  nth: number,
  rotation: Rotation,
): RotationAuditEvent {
  const { at, intent = 'planned', by = 'cadence', reason, evidence = [], problem } = rotation;
  const id = versionId(key, nth);
  const step = (milliseconds: number) => ({ at, milliseconds, outcome: 'done' });
  return {
    type: 'credential-secret-rotation',
    version: 1,
    id,
    at,
    secret: { name: nameOf(key), arn: arnOf(key) },
    kind,
    versionId: id,
    basedOn: nth === 0 ? null : versionId(key, nth - 1),
    intent,
    material: {},
    rotations: [
      {
        versionId: id,
        intent,
        basedOn: nth === 0 ? null : versionId(key, nth - 1),
        at,
        triggeredBy: {
          attributed: by !== 'console',
          ...(by !== 'console' && { requestedBy: by }),
          ...(reason !== undefined && { reason }),
        },
        steps: {
          createSecret: step(210),
          setSecret: step(340),
          testSecret: step(480),
          finishSecret: step(190),
        },
        evidence: [...evidence],
      },
    ],
    outcome: rotation.outcome ?? 'rotated',
    ...(problem !== undefined && { reason: problem }),
    afterRotation: { execution: 'arn:aws:states:::execution', startedAt: at, endedAt: at },
  };
}

interface Story {
  readonly key: string;
  readonly kind: Kind;
  readonly purpose: string;
  readonly access: readonly string[];
  readonly cadenceDays: number;
  readonly rotations: readonly Rotation[];
  readonly status?: Partial<SecretStatus>;
  readonly more?: Partial<FactsOfSecret>;
}

/** The last rotation that changed the material decides the age. */
function factsOf({
  key,
  kind,
  purpose,
  access,
  cadenceDays,
  rotations,
  status,
  more,
}: Story): FactsOfSecret {
  const last = new Date(rotations.at(-1)?.at ?? now);
  const limit = new Date(last.getTime() + cadenceDays * dayLength);
  const asked = new Date(limit.getTime() - 5 * dayLength);
  const isLate = !(now < limit);
  const stages = Object.fromEntries(
    rotations.map(({ at }, nth) => [
      versionId(key, nth + 1),
      [formatDateLabel(new Date(at)), ...(nth === rotations.length - 1 ? ['AWSCURRENT'] : [])],
    ]),
  );
  return {
    key,
    name: nameOf(key),
    purpose,
    access,
    status: {
      key,
      name: nameOf(key),
      kind,
      state: isLate ? 'overdue' : now < asked ? 'current' : 'due',
      reason: `in use since ${last.toISOString()}, limit ${limit.toISOString()}`,
      cadenceDays,
      rotatedAt: last.toISOString(),
      ageDays: Math.floor((now.getTime() - last.getTime()) / dayLength),
      rotateAt: asked.toISOString(),
      limitAt: limit.toISOString(),
      notes: [],
      findings: [],
      ...status,
    },
    description: {
      arn: arnOf(key),
      rotationEnabled: true,
      kmsKeyId,
      tags: { 'quarterturn:name': 'pharmacy', 'aws:cloudformation:stack-name': 'Quarterturn' },
      lastRotatedDate: last,
      nextRotationDate: new Date(limit.getTime() - dayLength),
      lastAccessedDate: new Date('2026-05-29T00:00:00Z'),
      createdDate: new Date('2025-03-01T08:00:00Z'),
      versionIdsToStages: stages,
    },
    rotations: [],
    afterRotations: [],
    ...more,
  };
}

const onCall = `arn:aws:sts::${account}:assumed-role/on-call/mara`;
const probed: Evidence[] = [
  { fact: 'jwtKeysProbed', detail: { primary: 'k7', accepted: 2, refused: 4 } },
];
const sealed: Evidence[] = [
  { fact: 'encryptionCanary', detail: { primary: 'k4', places: 7 } },
  { fact: 'escrowed', detail: { versionId: 'k4', bytes: 812 } },
];
const login = (role: string, old: string): Evidence[] => [
  { fact: 'verifierSet', detail: { role } },
  { fact: 'loginAccepted', detail: { role } },
  { fact: 'oldCredentialRefused', detail: { role: old } },
];

export const stories: readonly Story[] = [
  {
    key: 'jwt',
    kind: 'jwt',
    purpose: 'Signs the tokens users log in with (JWT)',
    access: ['api', 'its rotation'],
    cadenceDays: 180,
    rotations: [
      { at: '2025-06-03T03:00:10Z', evidence: probed },
      {
        at: '2025-11-18T09:00:00Z',
        by: onCall,
        reason: 'moved from the old deployment',
        evidence: probed,
      },
    ],
    status: {
      findings: [
        {
          code: 'overdue',
          message:
            'in use since 2025-11-18T09:00:00.000Z, rotated from 2026-05-12T09:00:00.000Z, limit 2026-05-17T09:00:00.000Z',
        },
      ],
    },
  },
  {
    key: 'pii',
    kind: 'encryption',
    purpose:
      'Encrypts 7 columns of public.patients, public.stored_credentials, public.prescriptions',
    access: ['api', 'its rotation'],
    cadenceDays: 90,
    rotations: [
      { at: '2025-06-04T03:00:10Z', evidence: sealed },
      { at: '2025-08-28T03:00:10Z', evidence: sealed },
      {
        at: '2025-11-18T09:00:00Z',
        by: onCall,
        reason: 'moved from the old deployment',
        evidence: sealed,
      },
      { at: '2026-02-11T03:00:10Z', evidence: sealed },
      { at: '2026-05-07T03:00:10Z', evidence: sealed },
    ],
  },
  {
    key: 'db',
    kind: 'database',
    purpose:
      'Logs in to database pharmacy at db.pharmacy.example as pharmacy_app_a and pharmacy_app_b, in turn',
    access: ['api', 'worker', 'its rotation', 'the rotation of pii'],
    cadenceDays: 180,
    rotations: [
      { at: '2025-08-14T03:00:10Z', evidence: login('pharmacy_app_a', 'pharmacy_app_a') },
      { at: '2026-02-05T03:00:10Z', evidence: login('pharmacy_app_b', 'pharmacy_app_b') },
      {
        at: '2026-02-05T08:12:40Z',
        intent: 'rollback',
        by: onCall,
        reason: 'the worker could not reach the new role through its pooler',
        evidence: login('pharmacy_app_a', 'pharmacy_app_b'),
      },
      { at: '2026-02-09T03:00:10Z', evidence: login('pharmacy_app_b', 'pharmacy_app_a') },
    ],
  },
  {
    key: 'rowsDb',
    kind: 'database',
    purpose: 'Logs in to database pharmacy at db.pharmacy.example as pharmacy_rows',
    access: ['its rotation', 'the re-encryption of pii'],
    cadenceDays: 180,
    rotations: [
      { at: '2025-07-01T03:00:10Z', evidence: login('pharmacy_rows', 'pharmacy_rows') },
      {
        at: '2025-12-03T14:21:05Z',
        intent: 'emergency',
        by: onCall,
        reason: 'the password stood in a build log',
        evidence: [
          ...login('pharmacy_rows', 'pharmacy_rows'),
          { fact: 'sessionsEnded', detail: { role: 'pharmacy_rows', ended: 3 } },
        ],
      },
      { at: '2026-05-19T03:00:10Z', evidence: login('pharmacy_rows', 'pharmacy_rows') },
    ],
  },
  {
    key: 'legacyDb',
    kind: 'database',
    purpose: 'Logs in to database pharmacy at db.pharmacy.example as pharmacy_legacy',
    access: ['api', 'its rotation'],
    cadenceDays: 180,
    rotations: [
      { at: '2025-06-11T03:00:10Z', evidence: login('pharmacy_legacy', 'pharmacy_legacy') },
      {
        at: '2025-12-04T03:00:10Z',
        evidence: [
          { fact: 'verifierSet', detail: { role: 'pharmacy_legacy' } },
          { fact: 'loginAccepted', detail: { role: 'pharmacy_legacy' } },
          {
            fact: 'oldCredentialNotProvenDead',
            detail: { role: 'pharmacy_legacy', reason: 'ETIMEDOUT' },
          },
        ],
      },
    ],
    more: {
      rotations: [
        {
          token: versionId('legacyDb', 9),
          intent: 'planned',
          basedOn: versionId('legacyDb', 1),
          provenance: {
            intent: 'planned',
            token: versionId('legacyDb', 9),
            attributed: true,
            requestedBy: 'cadence',
          },
          at: '2026-05-28T04:00:10Z',
          steps: {
            createSecret: { at: '2026-05-28T04:00:12Z', milliseconds: 180, outcome: 'done' },
          },
          evidence: [],
          failure: {
            step: 'setSecret',
            code: 'ERR_ROTATION_DATABASE_UNREACHABLE',
            message: 'db.pharmacy.example:5432 did not answer within 5 seconds',
            at: '2026-05-28T04:00:18Z',
          },
        },
      ],
    },
  },
];

const userManaged = (key: string, purpose: string, access: readonly string[]): FactsOfSecret => ({
  key,
  name: nameOf(key),
  purpose,
  access,
  status: {
    key,
    name: nameOf(key),
    kind: 'userManaged',
    state: 'userManaged',
    reason: 'changed by its owners, as needed',
    notes: [],
    findings: [],
  },
  description: {
    arn: arnOf(key),
    rotationEnabled: false,
    kmsKeyId,
    tags: { 'quarterturn:kind': 'userManaged' },
    versionIdsToStages: {},
  },
  rotations: [],
  afterRotations: [],
});

const moved = (nth: number, at: string, targetKid: string) => ({
  type: 'credential-reencryption' as const,
  version: 1 as const,
  id: versionId('pii-rows', nth),
  at,
  secret: { name: nameOf('pii'), arn: arnOf('pii') },
  versionId: versionId('pii', nth),
  targetKid,
  mode: 'online' as const,
  execution: 'arn:aws:states:::execution',
  outcome: 'verified' as const,
  columns: [
    { columnId: 'patients.name', rewritten: 48_210, opened: 48_210, quarantined: 0, remaining: 0 },
    { columnId: 'patients.ssn', rewritten: 48_210, opened: 48_210, quarantined: 0, remaining: 0 },
  ],
  findings: [],
});

/** @param change what is different this time */
export function pharmacyFacts(change: Partial<DeploymentFacts> = {}): DeploymentFacts {
  const lines = stories.flatMap(({ key, kind, rotations }) =>
    rotations.map((rotation, nth) => line(rotationEvent(key, kind, nth + 1, rotation))),
  );
  lines.push(
    line(moved(1, '2025-08-28T03:41:00Z', 'k1')),
    line(moved(3, '2026-02-11T03:44:00Z', 'k3')),
    line(moved(4, '2026-05-07T03:46:00Z', 'k4')),
  );
  return {
    now,
    from: new Date(now.getTime() - 365 * dayLength),
    deployment: { name: 'pharmacy', environment: 'prod' },
    caller: { arn: onCall, account, region },
    contacts: {
      people: [
        {
          role: 'security',
          name: 'Ines Okafor',
          reach: 'security@pharmacy.example, +49 30 5550 101',
        },
        { role: 'on-call', name: 'Platform rota', reach: 'pager 4711' },
        { role: 'dba', name: 'Tomás Ferreira', reach: '+49 30 5550 145' },
      ],
      reviewedOn: '2026-04-01',
      reviewEveryDays: 90,
    },
    secrets: [
      ...stories.map(factsOf),
      userManaged(
        'dbAdmin',
        'The rotator role of the database: sets passwords of the login roles, reads no data.',
        [],
      ),
      userManaged('anthropic', 'ANTHROPIC_API_KEY, changed at the vendor’s dashboard', ['worker']),
    ],
    lastDrill: {
      outcome: 'passed',
      id: '20260401t080000z-9f2c41aa07be63d1',
      at: '2026-04-01T08:04:11Z',
      findings: 0,
      deadWithinSeconds: 140,
      overWithinSeconds: 1_500,
      everyMonths: 3,
      dueAt: '2026-07-01T08:04:11Z',
      overdue: false,
    },
    certificates: [],
    strays: [],
    auditLog: { group: '/quarterturn/pharmacy/prod/audit', state: 'read', lines },
    ...change,
  };
}

export const pharmacyReport = (change: Partial<DeploymentFacts> = {}): DeploymentReport =>
  deploymentReport(pharmacyFacts(change));

/** An emergency as its records tell it, deterministic: two exposed secrets and three others, twenty minutes. */
import type { AccessAudit, Reader } from '../../../../domain/events/access-audit.ts';
import type { Evidence } from '../../../../domain/events/control-records.ts';
import type {
  EmergencyRecord,
  EmergencySecretRecord,
  EmergencyStage,
  StageRecord,
} from '../../../../domain/events/emergency.ts';
import type { IncidentFacts } from '../../../../domain/reports/incident/facts.ts';

export const id = '20260402t081500z-9f2c41aa07be63d1';
export const minuteAt = (time: string): string => `2026-04-02T08:${time}.000Z`;
export const versionOf = (key: string, digit: number): string =>
  `${Buffer.from(key).toString('hex').slice(0, 8).padEnd(8, '0')}-0000-4000-8000-${String(digit).repeat(12)}`;
const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;

export const emergency: EmergencyRecord = {
  id,
  exposed: ['jwt', 'db'],
  others: ['pii', 'anthropic'],
  reason: 'in a public repository',
  exposedSince: '2026-03-30T14:00:00.000Z',
  suspects: [role('contractor')],
  keepRunning: false,
  drill: false,
  unattended: false,
  requestedBy: 'arn:aws:sts::111122223333:assumed-role/on-call/mara',
  execution:
    'arn:aws:states:eu-west-1:111122223333:execution:quarterturn-pharmacy-prod-emergency:one',
  state: 'running',
  startedAt: minuteAt('15:00'),
  consumers: { stop: ['api'], restart: ['worker'], alone: ['reporting'] },
};

const stage = (
  name: EmergencyStage,
  from: string,
  to: string,
  evidence: Evidence[] = [],
  more: Partial<StageRecord> = {},
): StageRecord => ({
  id,
  stage: name,
  state: 'done',
  startedAt: minuteAt(from),
  endedAt: minuteAt(to),
  evidence,
  ...more,
});

export const stages: StageRecord[] = [
  stage('announce', '15:01', '15:02', [{ fact: 'told', detail: { audience: 'security' } }]),
  stage('contain', '15:02', '15:09', [
    { fact: 'suspectsDenied', detail: { secret: 'pharmacy/prod/jwt' } },
    {
      fact: 'sessionsRevoked',
      detail: { principal: role('contractor'), before: minuteAt('15:02') },
    },
  ]),
  stage('stop', '15:09', '16:20', [
    { fact: 'consumerStopped', detail: { consumer: 'api', detail: 'nothing of it runs' } },
  ]),
  stage('protect', '16:20', '18:10', [
    { fact: 'secretsChanged', detail: { proven: 2, person: 0, checked: 0, failed: 0 } },
  ]),
  stage('protectOthers', '18:10', '20:00'),
  stage('start', '20:00', '24:30', [
    { fact: 'consumerStarted', detail: { consumer: 'api' } },
    { fact: 'consumerRestarted', detail: { consumer: 'worker', proof: 'held' } },
  ]),
  stage('settle', '24:30', '31:00', [
    { fact: 'settled', detail: { finished: 3 } },
    { fact: 'rowsFollow', detail: { secret: 'pii', state: 'active' } },
  ]),
  stage('accessAudit', '31:00', '34:40'),
  stage('report', '34:40', '34:41', [], { state: 'running' }),
];

export const place = { role: 'app_a', host: 'db.internal', port: 5432 };
const record = (
  key: string,
  kind: EmergencySecretRecord['kind'],
  more: Partial<EmergencySecretRecord>,
): EmergencySecretRecord => ({
  id,
  key,
  name: `pharmacy/prod/${key}`,
  kind,
  exposed: false,
  state: 'proven',
  versionId: versionOf(key, 2),
  replaced: versionOf(key, 1),
  attempts: 1,
  compromised: [],
  askedAt: minuteAt('16:22'),
  promotedAt: minuteAt('16:50'),
  provenAt: minuteAt('17:30'),
  afterRotation: 'finished',
  evidence: [],
  ...more,
});

export const secrets: EmergencySecretRecord[] = [
  record('jwt', 'jwt', {
    exposed: true,
    compromised: ['1a77c0de55e1b002'],
    evidence: [{ fact: 'oldKeysRevoked', detail: { count: 1, kids: '1a77c0de55e1b002' } }],
  }),
  record('db', 'database', {
    exposed: true,
    compromised: ['app_a:ab12cd34'],
    preempted: versionOf('db', 9),
    provenAt: minuteAt('18:10'),
    evidence: [
      { fact: 'sessionsEnded', detail: { role: 'app_a', sessions: 3 } },
      { fact: 'oldCredentialRefused', detail: { ...place, control: 'app_b' } },
      { fact: 'sessionsOfOldCredential', detail: { role: 'app_a', open: 0 } },
    ],
  }),
  record('pii', 'encryption', {
    promotedAt: minuteAt('18:40'),
    provenAt: minuteAt('19:00'),
    evidence: [{ fact: 'oldKeysReadableOnly', detail: { count: 2, kids: 'c0ffee00c0ffee00' } }],
  }),
  {
    id,
    key: 'anthropic',
    name: 'pharmacy/prod/anthropic',
    kind: 'userManaged',
    exposed: false,
    state: 'person',
    attempts: 0,
    compromised: [],
    evidence: [],
    reason: 'It is issued in the console of its vendor, and its owners change it there',
  },
];

export const reader = (more: Partial<Reader>): Reader => ({
  principal: role('pharmacy-api'),
  standing: 'declared',
  account: '111122223333',
  firstAt: '2026-03-30T14:02:11.000Z',
  lastAt: '2026-04-02T08:14:59.000Z',
  sources: [
    {
      address: '10.0.4.17',
      userAgent: 'aws-sdk-js/3.9',
      region: 'eu-west-1',
      count: 212,
      firstAt: '2026-03-30T14:02:11.000Z',
      lastAt: '2026-04-02T08:14:59.000Z',
    },
  ],
  moreSources: 0,
  secrets: [
    {
      key: 'jwt',
      reads: 212,
      denied: 0,
      versions: [{ versionId: versionOf('jwt', 1), reads: 212 }],
    },
  ],
  readNew: false,
  ...more,
});

export const stranger = reader({
  principal: role('contractor'),
  standing: 'unknown',
  firstAt: '2026-04-01T22:41:00.000Z',
  lastAt: '2026-04-01T22:41:07.000Z',
  sources: [
    {
      address: '203.0.113.9',
      userAgent: 'python-requests/2.31',
      region: 'eu-west-1',
      count: 2,
      firstAt: '2026-04-01T22:41:00.000Z',
      lastAt: '2026-04-01T22:41:07.000Z',
    },
  ],
  secrets: [
    { key: 'db', reads: 2, denied: 0, versions: [{ versionId: versionOf('db', 1), reads: 2 }] },
  ],
});

export const audit: AccessAudit = {
  version: 1,
  at: minuteAt('34:30'),
  asked: { from: '2026-03-30T14:00:00.000Z', to: minuteAt('31:00'), secrets: ['jwt', 'db'] },
  covered: [
    {
      region: 'eu-west-1',
      source: 'athena',
      from: '2026-03-30T14:00:00.000Z',
      to: minuteAt('31:00'),
      events: 214,
    },
    { region: 'eu-central-1', source: 'lookupEvents', events: 0, problem: 'AccessDeniedException' },
  ],
  readers: [stranger, reader({})],
  moreReaders: 0,
  notVisible: [{ what: 'ssm', detail: '/pharmacy/prod/JWT: whoever may read the parameter' }],
  notes: ['CloudTrail delivers within about five minutes on average.'],
};

const rotates = { armed: true, readerCacheSeconds: 300 };
export const facts: IncidentFacts = {
  now: new Date(minuteAt('34:41')),
  emergency,
  stages,
  secrets,
  audit,
  manifest: {
    name: 'pharmacy',
    environment: 'prod',
    region: 'eu-west-1',
    secrets: [
      { key: 'jwt', name: 'pharmacy/prod/jwt', kind: 'jwt', ...rotates },
      {
        key: 'pii',
        name: 'pharmacy/prod/pii',
        kind: 'encryption',
        ...rotates,
        reencryption: { mode: 'online' },
      },
      { key: 'db', name: 'pharmacy/prod/db', kind: 'database', ...rotates },
      { key: 'anthropic', name: 'pharmacy/prod/anthropic', kind: 'userManaged' },
      { key: 'legacyDb', name: 'legacy/db', kind: 'database', ...rotates, armed: false },
    ],
    consumers: [{ name: 'api', reads: ['jwt', 'db'] }],
    sync: { targets: [{ secret: 'jwt', target: 'ssm /pharmacy/prod/JWT' }] },
    certificates: [{ name: 'www' }],
    contacts: {
      people: [
        { role: 'security', name: 'Ada Example', reach: '+49 30 000000' },
        { role: 'dba', name: 'Grace Example' },
      ],
      reviewedOn: '2026-01-10',
      reviewEveryDays: 90,
    },
  },
  rows: {
    pii: {
      state: 'active',
      mode: 'online',
      targetKid: 'd00dd00dd00dd00d',
      versionId: versionOf('pii', 2),
      rowsLeft: [
        { columnId: 'patients.name', rows: 41_000 },
        { columnId: 'patients.ssn', rows: 9_000 },
      ],
      findings: [],
      at: minuteAt('33:00'),
    },
  },
};

/** With a secret's record changed. */
export const withSecret = (key: string, more: Partial<EmergencySecretRecord>): IncidentFacts => ({
  ...facts,
  secrets: secrets.map((one) => (one.key === key ? { ...one, ...more } : one)),
});

/** With a stage's record changed. */
export const withStage = (name: EmergencyStage, more: Partial<StageRecord>): IncidentFacts => ({
  ...facts,
  stages: stages.map((one) => (one.stage === name ? { ...one, ...more } : one)),
});

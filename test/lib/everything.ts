/** The example with everything on that is off in it: triggers, certificates, a network, a break-glass role, a bootstrap, rows that follow their key, readers of escrow, contacts of every sort, an inbox, copies, consumers of every sort that are restarted and asked, emergencies that cut somebody off and are practised. */
import { parseRotationConfig, type RotationConfig } from '../../domain/config/rotation-config.ts';
import example from '../../rotation.config.ts';

const master = {
  secretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!cluster-0a1b2c3d-AbCdEf',
  kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000',
};

const copyKey = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000002';

const reencryption = {
  login: 'rowsDb',
  workers: 4,
  backupRetention: '35d',
  stores: [{ name: 'archive', backupRetention: '400d' }],
};

export const everything: RotationConfig = parseRotationConfig({
  ...example,
  breakGlassRoleArn: 'arn:aws:iam::111122223333:role/break-glass',
  networks: { main: { cidr: '10.42.0.0/24' } },
  escrow: { readerRoleArns: ['arn:aws:iam::111122223333:role/recovery'] },
  contacts: {
    onCall: ['on-call@example.com'],
    security: ['security@example.com'],
    support: ['support@example.com'],
    endpoints: { onCall: ['https://pager.example.com/quarterturn'] },
    chat: {
      onCall: { slack: { workspaceId: 'T0123ABCD', channelId: 'C0123ABCD' } },
      product: {
        teams: {
          tenantId: '11111111-2222-4333-8444-555555555555',
          teamId: '66666666-7777-4888-9999-000000000000',
          channelId: '19%3aabc%40thread.tacv2',
        },
      },
    },
    people: [{ role: 'dba', name: 'Ada', reach: '+49 30 000000' }],
    reviewedOn: '2026-01-31',
  },
  triggers: {
    exposure: { from: ['arn:aws:iam::111122223333:role/scanner'] },
    offboarding: {
      from: ['arn:aws:iam::111122223333:role/directory'],
      people: { ada: Object.keys(example.secrets) },
    },
    deployment: { from: ['arn:aws:iam::444455556666:role/pipeline'] },
    gitHub: {
      secret: 'gitHubWebhook',
      alerts: [{ repository: 'pharmacy/api', secrets: ['jwt'] }],
    },
    guardDuty: {
      findings: [{ type: 'UnauthorizedAccess:IAMUser/', principal: 'pharmacy', secrets: ['jwt'] }],
    },
  },
  emergency: {
    requireMfa: true,
    assumedBy: ['arn:aws:iam::111122223333:user/incident-commander'],
    contain: {
      principals: [
        'arn:aws:iam::111122223333:role/ci/builder',
        'arn:aws:iam::111122223333:user/ada',
      ],
    },
    drill: { everyMonths: 3, day: 5, hour: 9 },
    reportRetentionDays: 400,
  },
  certificates: [
    {
      name: 'www',
      acm: 'arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000',
    },
    { name: 'partner', secret: 'partnerTls', field: 'crt' },
    {
      name: 'gateway',
      secret: {
        secretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gateway/tls-AbCdEf',
        kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000001',
      },
    },
    { name: 'api', endpoint: 'api.example.com:443' },
  ],
  consumers: [
    {
      ...{ name: 'api', reads: ['jwt', 'pii', 'db'] },
      restart: {
        ...{ by: 'ecs', cluster: 'pharmacy', service: 'api' },
        codeDeploy: { application: 'pharmacy', deploymentGroup: 'api' },
      },
      health: { credentials: 'https://api.example.com/api/credentials/health' },
    },
    {
      ...{ name: 'worker', reads: ['pii', 'legacyDb'] },
      restart: { by: 'ecs', cluster: 'pharmacy', service: 'worker' },
    },
    {
      ...{ name: 'shop', reads: ['jwt'] },
      restart: {
        ...{ by: 'kubernetes', cluster: 'main', namespace: 'shop', deployment: 'web' },
        externalSecrets: ['jwt'],
      },
    },
    { name: 'labels', reads: ['jwt'], restart: { by: 'lambda', function: 'labels' } },
    {
      ...{ name: 'depot', reads: ['jwt'] },
      restart: {
        ...{ by: 'webhook', url: 'https://deploy.example.com/restart' },
        signingSecret: 'gitHubWebhook',
      },
    },
  ],
  rollout: { canary: 'worker', waves: [['shop', 'labels']] },
  trail: {
    bucket: 'example-audit-trail',
    prefix: 'trails',
    organization: 'o-exampleorgid',
    kmsKeyArn: 'arn:aws:kms:eu-central-1:444455556666:key/00000000-0000-4000-8000-000000000003',
  },
  replicaRegions: ['eu-central-1'],
  sync: [
    { to: 'ssm', secret: 'jwt', parameter: '/pharmacy/prod/jwt', kmsKeyArn: copyKey },
    {
      to: 'ssm',
      secret: 'db',
      field: 'password',
      parameter: '/pharmacy/prod/db',
      kmsKeyArn: copyKey,
      tier: 'Advanced',
    },
    {
      to: 'github',
      secret: 'jwt',
      field: 'keyset',
      repository: 'pharmacy/api',
      name: 'JWT_KEYSET',
      token: 'gitHubToken',
    },
    {
      to: 'webhook',
      secret: 'anthropic',
      url: 'https://hooks.example.com/secrets',
      signingSecret: 'gitHubWebhook',
    },
  ],
  secrets: {
    gitHubToken: { kind: 'userManaged', purpose: 'Writes secrets of GitHub Actions.' },
    partnerTls: { kind: 'userManaged', purpose: 'TLS certificate of the partner, with its key.' },
    gitHubWebhook: { kind: 'userManaged', purpose: 'Signs what GitHub sends.' },
    anthropic: {
      kind: 'userManaged',
      purpose: 'The API key of the assistant.',
      inbox: {
        owners: ['arn:aws:iam::111122223333:role/vendor-keys'],
        probe: {
          url: 'https://api.anthropic.com/v1/models',
          headers: { 'x-api-key': '{{value}}', 'anthropic-version': '2023-06-01' },
        },
      },
    },
    ...Object.fromEntries(
      Object.entries(example.secrets).map(([key, secret]) => [
        key,
        secret.kind === 'database'
          ? { ...secret, network: 'main', bootstrap: master }
          : secret.kind === 'encryption'
            ? { ...secret, reencryption }
            : secret,
      ]),
    ),
  },
});

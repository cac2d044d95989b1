/** What a month costs, counted from templates: `docs/cost.md`. */
import { expect, test } from '@jest/globals';
import { parseRotationConfig, type RotationConfig } from '../../domain/config/rotation-config.ts';
import example from '../../rotation.config.ts';
import { expectDocument } from '../document.ts';
import { type CostLine, monthlyCost, prices, use } from './cost.ts';
import { everyResource } from './synthesized.ts';

/** 30 databases, 17 JWT secrets, an encryption key, an admin and an API key: half of a hundred. */
function half(part: number): RotationConfig {
  const network = part === 1 ? { ...existing, ...withEndpoints } : existing;
  const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const database = (index: number) => ({
    kind: 'database' as const,
    scheme: 'multiUser' as const,
    host: `db${index}.cluster-example.eu-west-1.rds.amazonaws.com`,
    dbname: 'app',
    identity: 'app',
    roles: ['app_a', 'app_b'],
    admin: 'admin',
    network: 'main',
    cadenceDays: 180,
  });
  const keyset = { encoding: 'base64' as const, readers: 'keyset' as const };
  const { jwt, pii } = example.secrets;
  if (jwt?.kind !== 'jwt' || pii?.kind !== 'encryption') throw new Error('not the example');
  // With it, or with a second key, it would be more resources than a stack holds.
  const { reencryption: _, ...still } = pii;
  return parseRotationConfig({
    ...example,
    name: `part${part}`,
    networks: { main: network },
    consumers: [],
    secrets: Object.fromEntries([
      ['admin', { kind: 'userManaged', purpose: 'The rotator role.' }],
      ['vendor', { kind: 'userManaged', purpose: 'The API key of the vendor.' }],
      ...range(30).map((index) => [`db${index}`, database(index)]),
      ...range(17).map((index) => [`jwt${index}`, { ...jwt, ...keyset }]),
      ...range(1).map((index) => [`pii${index}`, { ...still, ...keyset, database: `db${index}` }]),
    ]),
  });
}

/** Both stand in one VPC; the second deployment uses the endpoints of the first. */
const existing = {
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  databaseSecurityGroupId: 'sg-0123456789abcdef0',
  endpoints: 'existing' as const,
};
const withEndpoints = {
  endpoints: 'create' as const,
  vpcCidrs: ['10.42.0.0/16'],
  routeTableIds: ['rtb-0123456789abcdef0'],
};

/** Rotations a year; one of a keyset is two, publish and activate. */
function rotationsPerYear(...configs: RotationConfig[]): number {
  return configs
    .flatMap(({ secrets }) => Object.values(secrets))
    .reduce((sum, secret) => {
      if (secret.kind === 'userManaged') return sum;
      const each = 365 / (secret.cadenceDays - secret.leadDays);
      return sum + (secret.kind === 'database' ? each : 2 * each);
    }, 0);
}

const halves = [half(1), half(2)] as const;
const cases = [
  {
    title:
      'The example: five secrets that rotate, one of them the login that rewrites rows, and one that does not',
    lines: monthlyCost(everyResource(example), rotationsPerYear(example)),
  },
  {
    title:
      'A hundred secrets: two deployments of fifty, sixty databases in one network of two zones',
    lines: sum(
      halves.map((config) => monthlyCost(everyResource(config), rotationsPerYear(config))),
    ),
  },
];

function sum(tables: readonly CostLine[][]): CostLine[] {
  const [first = [], ...others] = tables;
  return first.map((line, index) => ({
    what: line.what,
    count: others.reduce((total, table) => total + (table[index]?.count ?? 0), line.count),
    dollars: others.reduce((total, table) => total + (table[index]?.dollars ?? 0), line.dollars),
  }));
}

test('a hundred secrets are counted as a hundred', () => {
  const counted = cases[1]?.lines.find(({ what }) => what === 'secrets');
  expect(counted?.count).toBe(100);
});

test('docs/cost.md is what the templates cost', () => {
  expectDocument('docs/cost.md', costPage());
});

function costPage(): string {
  const { rotation, tick, look } = use;
  return `# What a month costs

Counted from the synthesized templates at AWS's list prices of us-east-1 (November 2026, without the free tier); other regions differ by some per cent. \`test/lib/cost.test.ts\` computes this page and fails when the templates no longer cost this.

${cases.map(({ title, lines }) => `## ${title}\n\n${table(lines)}`).join('\n\n')}

## How it is counted

Resources are counted in the template. Use is counted from the schedules: a tick of the cadence every hour (${tick.secretsManager} call of Secrets Manager, ${tick.reads} reads of the table and ${tick.seconds} s of ${512} MB a secret), a look of the watch every five minutes (${look.secretsManager} call of Secrets Manager, ${look.reads} read and ${look.seconds} s), and for each rotation ${rotation.secretsManager} calls of Secrets Manager, ${rotation.kms} of KMS, ${rotation.reads} reads, ${rotation.writes} writes and ${rotation.seconds} billed seconds, generously rounded up. Secrets rotate \`leadDays\` before their limit; a rotation of a keyset is two, publishing and activating.

Not counted: the rewriting of rows under a new key, which is paid by the row (Lambda time and state transitions; nothing while no key changes), what applications do with their secrets, databases, mail and data transfer, and flow logs of a VPC, which depend on the traffic.

| price | dollars |
|---|---|
${Object.entries(prices)
  .map(([what, dollars]) => `| ${what} | ${Number(dollars.toPrecision(6))} |`)
  .join('\n')}
`;
}

function table(lines: readonly CostLine[]): string {
  const shown = lines.filter(({ count }) => count > 0);
  const total = lines.reduce((all, { dollars }) => all + dollars, 0);
  return [
    '| what | how many | dollars |',
    '|---|---:|---:|',
    ...shown.map(
      ({ what, count, dollars }) => `| ${what} | ${amount(count)} | ${dollars.toFixed(2)} |`,
    ),
    `| **together** | | **${total.toFixed(2)}** |`,
  ].join('\n');
}

const amount = (count: number) =>
  count >= 10 ? Math.round(count).toLocaleString('en-US') : Number(count.toPrecision(2)).toString();

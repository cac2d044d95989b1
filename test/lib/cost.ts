/**
 * What a deployment costs a month, counted from its template at list prices. Fixed costs are counted
 * resource by resource; use is counted from the schedule of the template and the cadence of the secrets.
 */
import type { Resource } from './synthesized.ts';

/** US dollars, us-east-1, list prices of November 2026 without free tier. */
export const prices = {
  secretMonth: 0.4,
  secretsManagerCall: 0.05 / 10_000,
  keyMonth: 1,
  kmsCall: 0.03 / 10_000,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  metricMonth: 0.3,
  logGigabyte: 0.5,
  endpointZoneHour: 0.01,
  advancedParameterMonth: 0.05,
  lambdaCall: 0.2 / 1e6,
  lambdaGigabyteSecond: 0.0000166667,
  tableRead: 0.125 / 1e6,
  tableWrite: 0.625 / 1e6,
  stateTransition: 0.025 / 1_000,
  trace: 5 / 1e6,
} as const;

/** What a rotation and a tick do; counted in the sandbox, rounded up. */
export const use = {
  hoursPerMonth: 730,
  /** Calls of Secrets Manager, KMS and the table, and billed seconds of 512 MB, of one rotation. */
  rotation: { secretsManager: 25, kms: 20, reads: 30, writes: 10, seconds: 6, transitions: 25 },
  /** The same per secret and hour of the cadence. */
  tick: { secretsManager: 1, reads: 6, seconds: 0.1, logBytes: 600 },
  /** The same per secret and look of the watch, of which an hour has twelve; a look of its own has a line or three. */
  look: { perHour: 12, secretsManager: 1, reads: 1, seconds: 0.02, logBytes: 600 },
} as const;

export interface CostLine {
  what: string;
  count: number;
  dollars: number;
}

type Resources = Readonly<Record<string, Resource>>;

/** @param rotationsPerYear of all secrets together, an activation counting as one more */
export function monthlyCost(resources: Resources, rotationsPerYear: number): CostLine[] {
  const all = Object.values(resources);
  const count = (type: string, which: (it: Resource) => boolean = () => true) =>
    all.filter((it) => it.Type === type && which(it)).length;
  const secrets = count('AWS::SecretsManager::Secret');
  const rotated = count('AWS::Lambda::Function', (it) => 'ARMED' in variables(it));
  const rewritten = count(
    'AWS::Lambda::Function',
    (it) => 'ROWS_SECRET_ARN' in variables(it) && !('ARMED' in variables(it)),
  );
  const zones = all
    .filter(
      ({ Type, Properties }) => Type === endpoint && Properties.VpcEndpointType === 'Interface',
    )
    .reduce((sum, { Properties }) => sum + Properties.SubnetIds.length, 0);
  const perMonth = rotationsPerYear / 12;
  const ticks = rotated * use.hoursPerMonth;
  const { rotation, tick, look } = use;
  const deployments = count('AWS::DynamoDB::Table');
  const hourOfLooks = deployments * use.hoursPerMonth * look.perHour;
  const looks = rotated * use.hoursPerMonth * look.perHour;
  const logins = count('AWS::Lambda::Function', (it) => 'ADMIN_SECRET_ARN' in variables(it)) > 0;
  const fixed: [string, number, number][] = [
    ['secrets', secrets, prices.secretMonth],
    ['KMS keys', count('AWS::KMS::Key'), prices.keyMonth],
    ['alarms', count('AWS::CloudWatch::Alarm'), prices.alarmMonth],
    ['dashboards', count('AWS::CloudWatch::Dashboard'), prices.dashboardMonth],
    // Heartbeat and findings of a deployment, age and days to the limit of a secret (lambdas/cadence/measure.ts);
    // where rows follow a key, those that stand still and, of each key, those that are unproven. Of the watch three,
    // with databases five (lambdas/watch/watch.ts). The time to rotate is there in the hour of a rotation alone.
    [
      'custom metrics',
      (2 + 3 + (logins ? 2 : 0)) * deployments + 2 * rotated + (rewritten > 0 ? 1 : 0) + rewritten,
      prices.metricMonth,
    ],
    ['parameters of the manifest', count('AWS::SSM::Parameter'), prices.advancedParameterMonth],
    ['interface endpoints, per zone', zones, prices.endpointZoneHour * use.hoursPerMonth],
  ];
  const used: [string, number, number][] = [
    [
      'Secrets Manager calls',
      perMonth * rotation.secretsManager +
        ticks * tick.secretsManager +
        looks * look.secretsManager,
      prices.secretsManagerCall,
    ],
    ['KMS calls', perMonth * rotation.kms + ticks, prices.kmsCall],
    [
      'table reads',
      perMonth * rotation.reads + ticks * tick.reads + looks * look.reads,
      prices.tableRead,
    ],
    ['table writes', perMonth * rotation.writes, prices.tableWrite],
    [
      'Lambda calls',
      perMonth * 10 + use.hoursPerMonth + hourOfLooks,
      prices.lambdaCall + prices.trace,
    ],
    [
      'Lambda gigabyte seconds',
      0.5 * (perMonth * rotation.seconds + ticks * tick.seconds + looks * look.seconds),
      prices.lambdaGigabyteSecond,
    ],
    ['state transitions', perMonth * rotation.transitions, prices.stateTransition],
    [
      'logs, gigabytes',
      (ticks * tick.logBytes + hourOfLooks * look.logBytes + perMonth * 10_000) / 1e9,
      prices.logGigabyte,
    ],
  ];
  return [...fixed, ...used].map(([what, number, price]) => ({
    what,
    count: number,
    dollars: number * price,
  }));
}

const endpoint = 'AWS::EC2::VPCEndpoint';
const variables = ({ Properties }: Resource) => Properties.Environment?.Variables ?? {};

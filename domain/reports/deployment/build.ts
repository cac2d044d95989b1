/** Facts → the report: inventory, schedule and history, what needs a person first. */
import { strayReason } from '../../policy/strays.ts';
import type { DeploymentReport, ReportedSecret } from '../deployment-report.ts';
import { type AuditEvent, auditEvents } from './audit-lines.ts';
import { reviewed } from './contacts.ts';
import type { DeploymentFacts, Description, FactsOfSecret } from './facts.ts';
import { historyOf } from './history.ts';
import { isPastLimit } from './limit.ts';
import { drillToTell } from './words.ts';

const day = 86_400_000;
const daysAhead = 365;

export function deploymentReport(facts: DeploymentFacts): DeploymentReport {
  const { now, from, deployment, caller, contacts, auditLog } = facts;
  const { events, notUnderstood } = auditEvents(auditLog.lines);
  const names = new Set(facts.secrets.map(({ name }) => name));
  const own = events.filter(({ secret }) => names.has(secret.name));
  const secrets = facts.secrets
    .map((secret) => reported(secret, own, facts))
    .sort(byUrgency(now.toISOString()));
  return {
    report: 'quarterturn-report',
    version: 1,
    at: now.toISOString(),
    deployment: { ...deployment },
    caller: { ...caller },
    period: {
      from: from.toISOString(),
      until: now.toISOString(),
      ahead: new Date(now.getTime() + daysAhead * day).toISOString(),
    },
    ...(contacts && contacts.people.length > 0 && { contacts: reviewed(contacts, now) }),
    ...(facts.lastDrill && { lastDrill: facts.lastDrill }),
    secrets,
    certificates: facts.certificates.map(({ findings = [], ...certificate }) => ({
      ...certificate,
      findings: findings.map(({ code, message }) => ({ code, message })),
    })),
    strays: facts.strays.map((stray) => ({ ...stray, reason: strayReason(stray) })),
    auditLog: {
      group: auditLog.group,
      state: auditLog.state,
      events: own.length,
      notUnderstood,
      ...(auditLog.problem !== undefined && { problem: auditLog.problem }),
    },
    findings:
      secrets.reduce((sum, { findings }) => sum + findings.length, 0) +
      facts.certificates.reduce((sum, { findings }) => sum + (findings?.length ?? 0), 0) +
      facts.strays.filter(({ kind }) => kind === 'stray').length +
      drillToTell(facts.lastDrill ? { lastDrill: facts.lastDrill } : {}).length,
  };
}

function reported(
  secret: FactsOfSecret,
  events: readonly AuditEvent[],
  { from, now, caller }: DeploymentFacts,
): ReportedSecret {
  const { key, name, purpose, access, status, description } = secret;
  const { kind, state, reason, cadenceDays, rotatedAt, limitAt, rotateAt, ageDays } = status;
  return {
    key,
    name,
    kind,
    purpose,
    ...(cadenceDays !== undefined && { frequencyDays: cadenceDays }),
    ...(rotatedAt !== undefined && { lastRotatedAt: rotatedAt }),
    ...(limitAt !== undefined && { nextDueAt: limitAt }),
    ...(rotateAt !== undefined && { plannedAt: rotateAt }),
    ...(ageDays !== undefined && { ageDays }),
    state,
    reason,
    storage: {
      service: 'AWS Secrets Manager',
      region: caller.region,
      ...(description && { arn: description.arn }),
    },
    encryption: encryptionOf(description),
    access: [...access],
    ...(description && { service: serviceOf(description) }),
    notes: [...status.notes],
    findings: status.findings.map(({ code, message }) => ({ code, message })),
    history: historyOf(
      secret,
      events.filter((event) => event.secret.name === name),
      { from, now },
    ),
  };
}

/** "If you use the AWS managed key, KmsKeyId is not in the answer" (API_DescribeSecret). */
function encryptionOf(description: Description | undefined): ReportedSecret['encryption'] {
  if (description === undefined) return { managedBy: 'unknown' };
  const { kmsKeyId } = description;
  return kmsKeyId === undefined || kmsKeyId.endsWith('alias/aws/secretsmanager')
    ? { managedBy: 'aws', key: 'aws/secretsmanager' }
    : { managedBy: 'customer', key: kmsKeyId };
}

function serviceOf(description: Description): NonNullable<ReportedSecret['service']> {
  const {
    lastRotatedDate,
    nextRotationDate,
    lastAccessedDate,
    createdDate,
    tags = {},
  } = description;
  return {
    rotationEnabled: description.rotationEnabled,
    ...(lastRotatedDate && { lastRotatedAt: lastRotatedDate.toISOString() }),
    ...(nextRotationDate && { nextRotationAt: nextRotationDate.toISOString() }),
    ...(lastAccessedDate && { lastAccessedOn: lastAccessedDate.toISOString() }),
    ...(createdDate && { createdAt: createdDate.toISOString() }),
    tags: Object.keys(tags).filter((key) => !key.startsWith('aws:')),
  };
}

/** Overdue first, then what needs a person, then what is due next; those without a date last. */
const byUrgency =
  (at: string) =>
  (a: ReportedSecret, b: ReportedSecret): number =>
    rank(a, at) - rank(b, at) || dueOf(a) - dueOf(b) || a.key.localeCompare(b.key);

function rank(secret: ReportedSecret, at: string): number {
  if (isPastLimit(secret, at)) return 0;
  return secret.findings.length > 0 ? 1 : secret.kind === 'userManaged' ? 3 : 2;
}

const dueOf = ({ nextDueAt }: ReportedSecret): number =>
  nextDueAt === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(nextDueAt);

/** The report of an emergency, made from its records, and stored. */
import { isRotated } from '../../domain/config/manifest.ts';
import { type AccessAudit, accessAuditSchema } from '../../domain/events/access-audit.ts';
import type { ReencryptionRecord } from '../../domain/events/control-records.ts';
import type { DrilledRecord, EmergencyRecord } from '../../domain/events/emergency.ts';
import type { IncidentReport } from '../../domain/events/incident-report.ts';
import { incidentReport } from '../../domain/reports/incident/build.ts';
import { incidentHtml } from '../../domain/reports/incident/html.ts';
import { incidentMarkdown } from '../../domain/reports/incident/markdown.ts';
import type { EmergencyDoors } from './doors.ts';

type Doors = Pick<EmergencyDoors, 'records' | 'controlTable' | 'manifest' | 'incidents' | 'clock'>;

export const auditKey = (id: string): string => `${id}/access-audit.json`;
export const reportKey = (id: string): string => `${id}/report.md`;

/** @param drilled of a drill: what it expects */
export async function storeReport(
  doors: Doors,
  emergency: EmergencyRecord,
  drilled?: DrilledRecord,
): Promise<IncidentReport> {
  const { id } = emergency;
  const manifest = await doors.manifest();
  const [stages, secrets, audit] = await Promise.all([
    doors.records.getStages(id),
    doors.records.getSecrets(id),
    auditOf(doors, id),
  ]);
  const rows: Record<string, ReencryptionRecord> = {};
  for (const secret of manifest.secrets) {
    if (!isRotated(secret) || secret.kind !== 'encryption' || !secret.reencryption) continue;
    const job = await doors.controlTable.getReencryption(secret.name);
    if (job !== undefined) rows[secret.key] = job;
  }
  const report = incidentReport({
    now: doors.clock.now(),
    emergency,
    stages,
    secrets,
    audit,
    manifest,
    rows,
    drilled,
  });
  await doors.incidents.put(`${id}/report.json`, 'application/json', JSON.stringify(report));
  await doors.incidents.put(`${id}/report.html`, 'text/html; charset=utf-8', incidentHtml(report));
  // Last, because the record names it: whoever finds it finds the others.
  await doors.incidents.put(
    reportKey(id),
    'text/markdown; charset=utf-8',
    incidentMarkdown(report),
  );
  return report;
}

export async function auditOf(
  { records, incidents }: Pick<EmergencyDoors, 'records' | 'incidents'>,
  id: string,
): Promise<AccessAudit | { missing: string }> {
  const stage = await records.getStage(id, 'accessAudit');
  if (stage?.state !== 'done') {
    return { missing: stage?.reason ?? 'the access audit was not made' };
  }
  const text = await incidents.get(auditKey(id));
  if (text === undefined) return { missing: 'its answer is no longer in the bucket of reports' };
  return accessAuditSchema.parse(JSON.parse(text));
}

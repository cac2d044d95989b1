/** Every secret of the deployment as the emergency left it: exposed ones first, then the others, then what it did not touch. */
import type { ReencryptionRecord } from '../../events/control-records.ts';
import type { EmergencySecretRecord } from '../../events/emergency.ts';
import type { IncidentSecret } from '../../events/incident-report.ts';
import { toldOfIncident } from './evidence.ts';
import type { IncidentFacts, IncidentManifestSecret } from './facts.ts';
import { standingOf } from './standing.ts';

export function secretsOf({
  emergency: { drill },
  secrets,
  manifest,
  rows = {},
}: IncidentFacts): IncidentSecret[] {
  const records = new Map(secrets.map((record) => [record.key, record]));
  const deployed = new Map(manifest.secrets.map((secret) => [secret.key, secret]));
  const keys = [...new Set([...records.keys(), ...deployed.keys()])];
  return keys
    .flatMap((key) => {
      const [record, secret] = [records.get(key), deployed.get(key)];
      const known = record ?? secret;
      return known === undefined ? [] : [told(known, record, secret, { rows: rows[key], drill })];
    })
    .sort((a, b) => rank(a) - rank(b));
}

const rank = ({ exposed, state }: IncidentSecret): number =>
  exposed ? 0 : state === undefined ? 2 : 1;

function told(
  { key, name, kind }: Pick<IncidentManifestSecret, 'key' | 'name' | 'kind'>,
  record: EmergencySecretRecord | undefined,
  secret: IncidentManifestSecret | undefined,
  { rows, drill }: { rows: ReencryptionRecord | undefined; drill: boolean },
): IncidentSecret {
  const { replaced, versionId, askedAt, promotedAt, provenAt, afterRotation, preempted, reason } =
    record ?? {};
  const left = rows?.rowsLeft?.reduce((sum, column) => sum + column.rows, 0);
  return {
    key,
    name,
    kind,
    exposed: record?.exposed ?? false,
    ...(record && { state: record.state, attempts: record.attempts }),
    ...standingOf(record, { readerCacheSeconds: secret?.readerCacheSeconds, drill }),
    compromised: [...(record?.compromised ?? [])],
    ...(replaced !== undefined && { replaced }),
    ...(versionId !== undefined && { versionId }),
    ...(askedAt !== undefined && { askedAt }),
    ...(promotedAt !== undefined && { promotedAt }),
    ...(provenAt !== undefined && { provenAt }),
    ...(afterRotation !== undefined && { afterRotation }),
    ...(preempted !== undefined && { preempted }),
    ...(reason !== undefined && { reason }),
    evidence: toldOfIncident(record?.evidence ?? []),
    ...(rows &&
      kind === 'encryption' && {
        rows: { state: rows.state, ...(left !== undefined && { left }) },
      }),
  };
}

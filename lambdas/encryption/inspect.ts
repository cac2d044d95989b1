/** What a rehearsal says of an encryption key: also whether the rows that are there open under it. */
import type { SecretValue } from '../../domain/secrets/secret-value.ts';
import { inspectKeyset } from '../rotation/inspect-keyset.ts';
import type { Inspection } from '../rotation/rehearse.ts';
import type { Rotation } from '../rotation/strategy.ts';
import { adoptedRows } from './adopted-rows.ts';
import { credentialOf } from './credential.ts';
import type { DeclaredDatabase, EncryptionSettings } from './encryption-strategy.ts';

export async function inspectEncryption(
  value: SecretValue,
  secretString: string,
  rotation: Rotation<SecretValue>,
  { settings, database }: { settings: EncryptionSettings; database: DeclaredDatabase | undefined },
): Promise<Inspection> {
  const { facts, findings } = inspectKeyset(value, secretString, settings);
  if (database === undefined) {
    return { facts: { ...facts, columns: 0 }, findings };
  }
  const { columns, door, endpoint } = database;
  if (value.shape !== 'plain') {
    return { facts: { ...facts, columns: columns.length }, findings };
  }
  const credential = await credentialOf(rotation, 'database');
  const rows = await door.withSession(endpoint, credential, (session) =>
    adoptedRows(session, columns, value.key),
  );
  return {
    facts: { ...facts, columns: columns.length, openedValues: rows.opened },
    findings: [...findings, ...rows.findings],
  };
}

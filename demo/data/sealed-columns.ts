/** The columns that hold personal data or credentials, as `rotation.config.ts` declares them. */
export const sealedColumns = {
  'patients.name': 'column',
  'patients.ssn': 'row',
  'patients.phone': 'column',
  'credentials.token': 'none',
  'prescriptions.medication': 'column',
  'prescriptions.dosage': 'column',
  'prescriptions.note': 'row',
} as const;

export type SealedColumn = keyof typeof sealedColumns;

/** Seals and opens fields under the application's ENCRYPTION_KEY. */
export interface FieldCipher {
  seal(column: SealedColumn, primaryKey: number, plaintext: string): string;
  /** @throws when the field was changed, belongs to another row, or its key is not in the keyset */
  open(column: SealedColumn, primaryKey: number, sealed: string): string;
}

/** The one table that may be large. */
import { arrayLiteral } from '../../doors/postgres/array-literal.ts';
import type { Session } from '../../doors/postgres/door.ts';
import type { Prescription } from './data-set.ts';
import type { FieldCipher } from './sealed-columns.ts';

/** One statement, whatever their number: some thousands at a time. */
export async function seedPrescriptions(
  session: Session,
  rows: readonly Prescription[],
  { seal }: FieldCipher,
): Promise<void> {
  const array = (of: (row: Prescription) => string | number) =>
    arrayLiteral(rows.map((row) => String(of(row))));
  await session.query(
    `INSERT INTO public.prescriptions (id, patient_id, medication, dosage, note, prescribed_at)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])`,
    [
      array(({ id }) => id),
      array(({ patientId }) => patientId),
      array(({ id, medication }) => seal('prescriptions.medication', id, medication)),
      array(({ id, dosage }) => seal('prescriptions.dosage', id, dosage)),
      array(({ id, note }) => seal('prescriptions.note', id, note)),
      array(({ prescribedAt }) => prescribedAt),
    ],
  );
}

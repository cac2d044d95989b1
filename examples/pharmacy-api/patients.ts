/** Patients of a workspace. Name, number and phone are sealed before they reach the database. */
import type { FieldCipher } from '@quarterturn/client';
import * as z from 'zod';
import type { Database } from './database.ts';

/** As rotation.config.ts declares them; both have to say the same. */
export const sealedColumns = {
  'patients.name': { profile: 'column' },
  'patients.ssn': { profile: 'row' },
  'patients.phone': { profile: 'column' },
} as const;

/** What PostgreSQL's bigint holds; text, because JSON's numbers do not. */
export const patientIdSchema = z
  .string()
  .refine((id) => /^[1-9]\d{0,18}$/.test(id) && BigInt(id) < 2n ** 63n);

export const patientSchema = z.strictObject({
  name: z.string().trim().min(1).max(200),
  ssn: z.string().regex(/^\d{3}-\d{2}-\d{4}$/),
  phone: z.string().regex(/^\+[\d-]{7,20}$/),
  born: z.iso.date().refine((day) => day >= '1900-01-01'),
});
export type NewPatient = z.infer<typeof patientSchema>;
export type Patient = NewPatient & { readonly id: string };

const columns = 'id::text AS id, name, ssn, phone, born::text AS born';

export class Patients {
  readonly #database: Database;
  readonly #cipher: FieldCipher;

  constructor(database: Database, cipher: FieldCipher) {
    this.#database = database;
    this.#cipher = cipher;
  }

  /** In the order of their ids, after `after`. */
  async list(workspaceId: string, after: string, limit: number): Promise<Patient[]> {
    const { rows } = await this.#database.query<Patient>(
      `SELECT ${columns} FROM public.patients
        WHERE workspace_id = $1 AND id > $2 ORDER BY patients.id LIMIT $3`,
      [workspaceId, after, limit],
    );
    return this.#opened(rows);
  }

  async find(workspaceId: string, id: string): Promise<Patient | undefined> {
    const { rows } = await this.#database.query<Patient>(
      `SELECT ${columns} FROM public.patients WHERE workspace_id = $1 AND id = $2`,
      [workspaceId, id],
    );
    return (await this.#opened(rows))[0];
  }

  async add(workspaceId: string, patient: NewPatient): Promise<Patient> {
    // A number bound to its row is sealed with the row's id, so the id comes first.
    const { rows } = await this.#database.query<{ id: string }>(
      `SELECT nextval('public.patient_ids')::text AS id`,
    );
    const id = z.string().parse(rows[0]?.id);
    const { name, ssn, phone } = await this.#sealed(id, patient);
    await this.#database.query(
      `INSERT INTO public.patients (id, workspace_id, name, ssn, phone, born, enrolled_at)
       VALUES ($1, $2, $3, $4, $5, $6, now())`,
      [id, workspaceId, name, ssn, phone, patient.born],
    );
    return { id, ...patient };
  }

  /** undefined: there is no such patient in this workspace. */
  async replace(
    workspaceId: string,
    id: string,
    patient: NewPatient,
  ): Promise<Patient | undefined> {
    const { name, ssn, phone } = await this.#sealed(id, patient);
    const { rows } = await this.#database.query<{ id: string }>(
      `UPDATE public.patients SET name = $3, ssn = $4, phone = $5, born = $6
        WHERE workspace_id = $1 AND id = $2 RETURNING id::text AS id`,
      [workspaceId, id, name, ssn, phone, patient.born],
    );
    return rows[0] && { id, ...patient };
  }

  async remove(workspaceId: string, id: string): Promise<boolean> {
    const { rows } = await this.#database.query<{ id: string }>(
      'DELETE FROM public.patients WHERE workspace_id = $1 AND id = $2 RETURNING id::text AS id',
      [workspaceId, id],
    );
    return rows.length > 0;
  }

  async #sealed(id: string, { name, ssn, phone }: NewPatient): Promise<Omit<NewPatient, 'born'>> {
    return {
      name: await this.#cipher.encrypt('patients.name', name),
      ssn: await this.#cipher.encrypt('patients.ssn', ssn, [BigInt(id)]),
      phone: await this.#cipher.encrypt('patients.phone', phone),
    };
  }

  /** A column at a time: one look at the keys for all rows of a page. */
  async #opened(rows: readonly Patient[]): Promise<Patient[]> {
    const [names, ssns, phones] = await Promise.all([
      this.#cipher.decryptMany(
        'patients.name',
        rows.map(({ name }) => ({ stored: name })),
      ),
      this.#cipher.decryptMany(
        'patients.ssn',
        rows.map(({ id, ssn }) => ({ stored: ssn, row: [BigInt(id)] })),
      ),
      this.#cipher.decryptMany(
        'patients.phone',
        rows.map(({ phone }) => ({ stored: phone })),
      ),
    ]);
    return rows.map(({ id, born }, at) => ({
      id,
      name: names[at] ?? '',
      ssn: ssns[at] ?? '',
      phone: phones[at] ?? '',
      born,
    }));
  }
}

/** Puts the mock data set into the database, sealed, and reads it back. */
import type { Session } from '../../doors/postgres/door.ts';
import { type Verdict, validateDataSet, verdictOf } from './checklist.ts';
import type {
  DataSet,
  Patient,
  Prescription,
  ReleaseWindow,
  StoredCredential,
} from './data-set.ts';
import { firstIdOfTheApplication } from './schema.sql.ts';
import type { FieldCipher } from './sealed-columns.ts';
import { seedPrescriptions } from './seed-prescriptions.ts';

/** One statement a table. */
export async function seedDatabase(
  session: Session,
  data: DataSet,
  cipher: FieldCipher,
): Promise<void> {
  const patients = data.patients.map((row) => sealedPatient(row, cipher));
  const storedCredentials = data.storedCredentials.map((row) => sealedCredential(row, cipher));
  await session.transaction(async () => {
    await session.query(
      `INSERT INTO public.workspaces (id, name, owner_email, created_at)
       SELECT "id", "name", "ownerEmail", "createdAt" FROM jsonb_to_recordset($1::jsonb)
         AS row ("id" text, "name" text, "ownerEmail" text, "createdAt" timestamptz)`,
      [JSON.stringify(data.workspaces)],
    );
    await session.query(
      `INSERT INTO public.patients (id, workspace_id, name, ssn, phone, born, enrolled_at)
       SELECT "id", "workspaceId", "name", "ssn", "phone", "born", "enrolledAt"
         FROM jsonb_to_recordset($1::jsonb)
         AS row ("id" bigint, "workspaceId" text, "name" text, "ssn" text, "phone" text,
                 "born" date, "enrolledAt" timestamptz)`,
      [JSON.stringify(patients)],
    );
    await session.query(
      `INSERT INTO public.stored_credentials (id, workspace_id, provider, token, created_at)
       SELECT "id", "workspaceId", "provider", "token", "createdAt"
         FROM jsonb_to_recordset($1::jsonb)
         AS row ("id" bigint, "workspaceId" text, "provider" text, "token" text,
                 "createdAt" timestamptz)`,
      [JSON.stringify(storedCredentials)],
    );
    await seedPrescriptions(session, data.prescriptions, cipher);
    await session.query(
      `INSERT INTO public.access_log (id, workspace_id, at, actor, message)
       SELECT "id", "workspaceId", "at", "actor", "message" FROM jsonb_to_recordset($1::jsonb)
         AS row ("id" bigint, "workspaceId" text, "at" timestamptz, "actor" text, "message" text)`,
      [JSON.stringify(data.accessLog)],
    );
  });
}

/**
 * Runs the checklist over what the database holds: the rows as they are stored for "sealed at rest",
 * opened for everything else.
 */
export async function validateDatabase(
  session: Session,
  window: ReleaseWindow,
  cipher: FieldCipher,
): Promise<Verdict[]> {
  const stored = await readDataSet(session, window);
  const unopened: string[] = [];
  const patients = openRows('patients', stored.patients, unopened, (row) =>
    openedPatient(row, cipher),
  );
  const storedCredentials = openRows(
    'storedCredentials',
    stored.storedCredentials,
    unopened,
    (row) => openedCredential(row, cipher),
  );
  const prescriptions = openRows('prescriptions', stored.prescriptions, unopened, (row) =>
    openedPrescription(row, cipher),
  );
  return [
    verdictOf('personal data and credentials are sealed at rest', [
      ...stored.patients
        .filter((row) => ![row.name, row.ssn, row.phone].every(isSealed))
        .map(({ id }) => `patients/${id}`),
      ...stored.storedCredentials
        .filter(({ token }) => !isSealed(token))
        .map(({ id }) => `storedCredentials/${id}`),
      ...stored.prescriptions
        .filter((row) => ![row.medication, row.dosage, row.note].every(isSealed))
        .map(({ id }) => `prescriptions/${id}`),
    ]),
    verdictOf('every sealed field opens in its own place', unopened),
    ...validateDataSet({ ...stored, patients, storedCredentials, prescriptions }),
  ];
}

/** The rows that open; the others are named in `unopened`. */
function openRows<Row extends { id: number }>(
  table: string,
  rows: readonly Row[],
  unopened: string[],
  open: (row: Row) => Row,
): Row[] {
  return rows.flatMap((row) => {
    try {
      return [open(row)];
    } catch {
      unopened.push(`${table}/${row.id}`);
      return [];
    }
  });
}

/** The rows as they are stored. The session must see every row, row-level security or not. */
async function readDataSet(session: Session, window: ReleaseWindow): Promise<DataSet> {
  const table = async <Row>(columns: string): Promise<Row[]> =>
    (
      await session.query<{ row: Row & Record<string, unknown> }>(
        `SELECT to_jsonb(stored) AS row FROM (SELECT ${columns} ORDER BY id) AS stored`,
      )
    ).map(({ row }) => row);
  const workspace = 'workspace_id AS "workspaceId"';
  return {
    window,
    workspaces: await table(
      'id, name, owner_email AS "ownerEmail", created_at AS "createdAt" FROM public.workspaces',
    ),
    patients: await table(
      `id, ${workspace}, name, ssn, phone, born, enrolled_at AS "enrolledAt" FROM public.patients
        WHERE id < ${firstIdOfTheApplication}`,
    ),
    storedCredentials: await table(
      `id, ${workspace}, provider, token, created_at AS "createdAt" FROM public.stored_credentials`,
    ),
    prescriptions: await table(
      `id, patient_id AS "patientId", medication, dosage, note, prescribed_at AS "prescribedAt"
         FROM public.prescriptions`,
    ),
    accessLog: await table(`id, ${workspace}, at, actor, message FROM public.access_log`),
  };
}

const isSealed = (field: string): boolean => field.startsWith('qt1.');

function sealedPatient(row: Patient, { seal }: FieldCipher): Patient {
  return {
    ...row,
    name: seal('patients.name', row.id, row.name),
    ssn: seal('patients.ssn', row.id, row.ssn),
    phone: seal('patients.phone', row.id, row.phone),
  };
}

function openedPatient(row: Patient, { open }: FieldCipher): Patient {
  return {
    ...row,
    name: open('patients.name', row.id, row.name),
    ssn: open('patients.ssn', row.id, row.ssn),
    phone: open('patients.phone', row.id, row.phone),
  };
}

function sealedCredential(row: StoredCredential, { seal }: FieldCipher): StoredCredential {
  return { ...row, token: seal('credentials.token', row.id, row.token) };
}

function openedCredential(row: StoredCredential, { open }: FieldCipher): StoredCredential {
  return { ...row, token: open('credentials.token', row.id, row.token) };
}

function openedPrescription(row: Prescription, { open }: FieldCipher): Prescription {
  return {
    ...row,
    medication: open('prescriptions.medication', row.id, row.medication),
    dosage: open('prescriptions.dosage', row.id, row.dosage),
    note: open('prescriptions.note', row.id, row.note),
  };
}

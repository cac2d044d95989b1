/** The identity: owns every object, cannot log in; the login roles of the rotation are its members. */
export const identity = 'pharmacy_app';

/** Shows to each session the entries of one workspace. */
export const tableWithRowSecurity = 'public.access_log';

/** Of a patient that no mock data set holds. */
export const firstIdOfTheApplication = 1_000_000;

/** Run as the identity, so that it owns what is made. */
export const schema = [
  `CREATE TABLE public.workspaces (
     id          text PRIMARY KEY,
     name        text NOT NULL,
     owner_email text NOT NULL,
     created_at  timestamptz NOT NULL
   )`,
  `CREATE TABLE public.patients (
     id           bigint PRIMARY KEY,
     workspace_id text NOT NULL REFERENCES public.workspaces (id),
     name         text NOT NULL,
     ssn          text NOT NULL,
     phone        text NOT NULL,
     born         date NOT NULL,
     enrolled_at  timestamptz NOT NULL
   )`,
  // What the application adds is told from the mock data set by its id.
  `CREATE SEQUENCE public.patient_ids START WITH ${firstIdOfTheApplication}`,
  `CREATE TABLE public.users (
     id            text PRIMARY KEY,
     workspace_id  text NOT NULL REFERENCES public.workspaces (id),
     role          text NOT NULL CHECK (role IN ('pharmacist', 'operator')),
     password_hash text NOT NULL
   )`,
  `CREATE TABLE public.stored_credentials (
     id           bigint PRIMARY KEY,
     workspace_id text NOT NULL REFERENCES public.workspaces (id),
     provider     text NOT NULL,
     token        text NOT NULL,
     created_at   timestamptz NOT NULL
   )`,
  `CREATE TABLE public.access_log (
     id           bigint PRIMARY KEY,
     workspace_id text NOT NULL REFERENCES public.workspaces (id),
     at           timestamptz NOT NULL,
     actor        text NOT NULL,
     message      text NOT NULL
   )`,
  `CREATE TABLE public.prescriptions (
     id            bigint PRIMARY KEY,
     patient_id    bigint NOT NULL REFERENCES public.patients (id),
     medication    text NOT NULL,
     dosage        text NOT NULL,
     note          text NOT NULL,
     prescribed_at timestamptz NOT NULL
   )`,
  'CREATE INDEX prescriptions_of_patient ON public.prescriptions (patient_id)',
  // FORCE: without it the owner, and so every login role that acts as the owner, would see all rows
  // (PostgreSQL manual, 5.9 Row Security Policies).
  'ALTER TABLE public.access_log ENABLE ROW LEVEL SECURITY',
  'ALTER TABLE public.access_log FORCE ROW LEVEL SECURITY',
  `CREATE POLICY own_workspace ON public.access_log
     USING (workspace_id = current_setting('pharmacy.workspace', true))`,
] as const;

export const legacyRole = 'pharmacy_legacy';

/** What the older application may do: it reads patients, and nothing else. */
export const legacyGrants = [
  `GRANT USAGE ON SCHEMA public TO ${legacyRole}`,
  `GRANT SELECT ON public.patients TO ${legacyRole}`,
] as const;

-- What the API needs, for who begins with an empty database. Run it once, as the role that is to own the tables
-- (`identity` of the database secret in rotation.config.ts).
CREATE TABLE public.workspaces (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  owner_email text NOT NULL,
  created_at  timestamptz NOT NULL
);

CREATE TABLE public.users (
  id            text PRIMARY KEY,
  workspace_id  text NOT NULL REFERENCES public.workspaces (id),
  role          text NOT NULL CHECK (role IN ('pharmacist', 'operator')),
  password_hash text NOT NULL
);

-- The application draws ids before it inserts: ssn is sealed together with the id of its row.
CREATE SEQUENCE public.patient_ids;

CREATE TABLE public.patients (
  id           bigint PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES public.workspaces (id),
  name         text NOT NULL,
  ssn          text NOT NULL,
  phone        text NOT NULL,
  born         date NOT NULL,
  enrolled_at  timestamptz NOT NULL
);

CREATE INDEX patients_of_workspace ON public.patients (workspace_id, id);

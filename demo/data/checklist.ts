/**
 * The validation checklist of the mock data set, as checks that run: over the generated data and over
 * what was read back from the seeded database. A verdict names the rows at fault, never what they hold.
 */
import type { DataSet, Prescription } from './data-set.ts';

export interface Verdict {
  check: string;
  verdict: 'passed' | 'failed';
  /** `table/id` of the rows at fault. */
  offending: string[];
}

interface Check {
  name: string;
  offending(data: DataSet): string[];
}

export function validateDataSet(data: DataSet): Verdict[] {
  return checklist.map(({ name, offending }) => verdictOf(name, offending(data)));
}

export function verdictOf(check: string, offending: string[]): Verdict {
  return { check, verdict: offending.length === 0 ? 'passed' : 'failed', offending };
}

const ownerEmail = /^[a-z0-9.]+@example\.com$/;
const url = /\b[a-z][a-z0-9+.-]*:\/\/|\bwww\.|\b[a-z0-9-]+\.(?:com|net|org|io|dev|internal)\b/i;
/** A channel is named `#support` or, in an export, by its id. */
const channel = /(?:^|\s)#[a-z][\w-]*|\bC[A-Z0-9]{8,}\b/;
/** JWTs, vendor keys, bearer headers, and any unbroken run too long to be a word. */
const rawToken =
  /\beyJ[\w-]+|\b(?:sk|pk|ghp|xox[abp]|AKIA)[-_A-Z0-9]\w+|\bbearer\s+\S+|[\w+/=-]{20,}/i;
const personalNumber = /\b\d{3}-\d{2}-\d{4}\b|\+\d[\d-]{7,}|\S+@\S+/;
const reference = /\b(?:pat|cred|usr)-\d{4,6}\b|\basset:[0-9a-f]{8}\b|\*{2,}/;

export const checklist: readonly Check[] = [
  {
    name: 'every table has rows, and every id is used once',
    offending: (data) =>
      tablesOf(data).flatMap(([table, rows]) => [
        ...(rows.length === 0 ? [`${table}/none`] : []),
        ...rows
          .filter((row, index) => rows.findIndex(({ id }) => id === row.id) !== index)
          .map(({ id }) => `${table}/${id}`),
      ]),
  },
  {
    name: 'every workspaceId resolves to a defined workspace',
    offending: (data) => {
      const defined = new Set(data.workspaces.map(({ id }) => id));
      return [
        ...at('patients', data.patients, ({ workspaceId }) => !defined.has(workspaceId)),
        ...at('storedCredentials', data.storedCredentials, (row) => !defined.has(row.workspaceId)),
        ...at('accessLog', data.accessLog, ({ workspaceId }) => !defined.has(workspaceId)),
      ];
    },
  },
  {
    name: 'every prescription is of a patient there is',
    offending: (data) => {
      const known = new Set(data.patients.map(({ id }) => id));
      return at('prescriptions', data.prescriptions, ({ patientId }) => !known.has(patientId));
    },
  },
  {
    name: 'owner e-mails are inside example.com',
    offending: (data) =>
      at('workspaces', data.workspaces, (row) => !ownerEmail.test(row.ownerEmail)),
  },
  {
    name: 'social security numbers were never issued, telephone numbers are kept for fiction',
    offending: (data) =>
      at(
        'patients',
        data.patients,
        ({ ssn, phone }) =>
          !/^000-\d{2}-\d{4}$/.test(ssn) || !/^\+1-\d{3}-555-01\d{2}$/.test(phone),
      ),
  },
  {
    name: 'stored credentials are tokenized assets',
    offending: (data) =>
      at(
        'storedCredentials',
        data.storedCredentials,
        ({ token }) => !/^asset:[0-9a-f]{8}$/.test(token),
      ),
  },
  {
    name: 'log entries speak of masked values, surrogate ids or tokenized assets',
    offending: (data) =>
      at(
        'accessLog',
        data.accessLog,
        ({ actor, message }) => !/^usr-\d{4}$/.test(actor) || !reference.test(message),
      ),
  },
  {
    name: 'log entries and prescriptions name nobody',
    offending: (data) => {
      const names = [...new Set(data.patients.map(({ name }) => name.toLowerCase()))];
      const isPersonal = (text: string) =>
        personalNumber.test(text) || names.some((name) => text.toLowerCase().includes(name));
      return [
        ...at('accessLog', data.accessLog, ({ message }) => isPersonal(message)),
        ...at('prescriptions', data.prescriptions, (row) => isPersonal(textOf(row))),
      ];
    },
  },
  {
    name: 'no raw URL, token or channel name in any text',
    offending: (data) => [
      ...at('workspaces', data.workspaces, ({ name }) => isRaw(name)),
      ...at(
        'storedCredentials',
        data.storedCredentials,
        (row) => isRaw(row.provider) || isRaw(row.token),
      ),
      ...at('prescriptions', data.prescriptions, (row) => isRaw(textOf(row))),
      ...at('accessLog', data.accessLog, ({ message }) => isRaw(message)),
    ],
  },
  {
    name: 'every timestamp lies inside the release window',
    offending: (data) => {
      const from = Date.parse(data.window.from);
      const until = Date.parse(data.window.until);
      const outside = (instant: string) =>
        !(Date.parse(instant) >= from && Date.parse(instant) < until);
      return [
        ...at('workspaces', data.workspaces, ({ createdAt }) => outside(createdAt)),
        ...at('patients', data.patients, ({ enrolledAt }) => outside(enrolledAt)),
        ...at('storedCredentials', data.storedCredentials, ({ createdAt }) => outside(createdAt)),
        ...at('prescriptions', data.prescriptions, (row) => outside(row.prescribedAt)),
        ...at('accessLog', data.accessLog, ({ at: instant }) => outside(instant)),
      ];
    },
  },
];

function isRaw(text: string): boolean {
  return url.test(text) || channel.test(text) || rawToken.test(text);
}

function textOf({ medication, dosage, note }: Prescription): string {
  return [medication, dosage, note].join('\n');
}

function at<Row extends { id: number | string }>(
  table: string,
  rows: readonly Row[],
  isAtFault: (row: Row) => boolean,
): string[] {
  return rows.filter(isAtFault).map(({ id }) => `${table}/${id}`);
}

function tablesOf(data: DataSet): [string, readonly { id: number | string }[]][] {
  const { workspaces, patients, storedCredentials, prescriptions, accessLog } = data;
  return Object.entries({ workspaces, patients, storedCredentials, prescriptions, accessLog });
}

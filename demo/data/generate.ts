import type { AccessLogEntry, DataSet, Patient, StoredCredential, Workspace } from './data-set.ts';
import { prescription } from './prescriptions.ts';
import { SeededSequence } from './seeded-sequence.ts';

export interface Amounts {
  workspaces: number;
  patients: number;
  storedCredentials: number;
  prescriptions: number;
  accessLog: number;
}

const amountsOfTheDemo: Amounts = {
  workspaces: 6,
  patients: 180,
  storedCredentials: 36,
  prescriptions: 300,
  accessLog: 240,
};

/** The two weeks before the release of 2025-11-18, the day from which the cadence is counted. */
const window = { from: '2025-11-04T00:00:00Z', until: '2025-11-18T00:00:00Z' };

/** The same data set for the same seed and amounts, on every machine. */
export function generateDataSet(seed = 20251118, amounts: Amounts = amountsOfTheDemo): DataSet {
  const sequence = new SeededSequence(seed);
  const workspaces = rows(amounts.workspaces, (id) => workspace(id, sequence));
  const workspaceIds = workspaces.map(({ id }) => id) as [string, ...string[]];
  return {
    window,
    workspaces,
    patients: rows(amounts.patients, (id) => patient(id, workspaceIds, sequence)),
    storedCredentials: rows(amounts.storedCredentials, (id) =>
      storedCredential(id, workspaceIds, sequence),
    ),
    prescriptions: rows(amounts.prescriptions, (id) => prescription(id, amounts.patients, window)),
    accessLog: rows(amounts.accessLog, (id) => logEntry(id, workspaceIds, amounts, sequence)),
  };
}

function rows<Row>(amount: number, make: (id: number) => Row): Row[] {
  return Array.from({ length: amount }, (_, index) => make(index + 1));
}

const towns = ['Alder', 'Birch', 'Cedar', 'Dogwood', 'Elm', 'Fir', 'Hazel', 'Juniper'] as const;

function workspace(id: number, sequence: SeededSequence): Workspace {
  const town = towns[(id - 1) % towns.length] ?? towns[0];
  return {
    id: `ws-${padded(id, 3)}`,
    name: `${town} Street Pharmacy`,
    ownerEmail: `owner.${town.toLowerCase()}.${padded(id, 3)}@example.com`,
    createdAt: sequence.instantWithin(window),
  };
}

const firstNames = [
  'Ada',
  'Bela',
  'Cleo',
  'Dario',
  'Edda',
  'Finn',
  'Gala',
  'Hugo',
  'Ines',
] as const;
const lastNames = ['Mockwell', 'Fixture', 'Sampleton', 'Placebo', 'Testa', 'Dummont'] as const;

function patient(
  id: number,
  workspaceIds: [string, ...string[]],
  sequence: SeededSequence,
): Patient {
  const [year, month, day] = [
    sequence.between(1931, 2006),
    sequence.between(1, 12),
    sequence.between(1, 28),
  ];
  return {
    id,
    workspaceId: sequence.pick(workspaceIds),
    name: `${sequence.pick(firstNames)} ${sequence.pick(lastNames)} ${padded(id, 4)}`,
    // Area number 000 was never issued (SSA POMS RM 10201.035).
    ssn: `000-${padded(sequence.between(1, 99), 2)}-${padded(id, 4)}`,
    // 555-0100 to 555-0199 are kept for fiction (ATIS-0300115).
    phone: `+1-202-555-01${padded(sequence.between(0, 99), 2)}`,
    born: `${year}-${padded(month, 2)}-${padded(day, 2)}`,
    enrolledAt: sequence.instantWithin(window),
  };
}

const providers = ['provider-a', 'provider-b', 'provider-c'] as const;

function storedCredential(
  id: number,
  workspaceIds: [string, ...string[]],
  sequence: SeededSequence,
): StoredCredential {
  return {
    id,
    workspaceId: sequence.pick(workspaceIds),
    provider: sequence.pick(providers),
    token: asset(sequence),
    createdAt: sequence.instantWithin(window),
  };
}

function logEntry(
  id: number,
  workspaceIds: [string, ...string[]],
  amounts: Amounts,
  sequence: SeededSequence,
): AccessLogEntry {
  const subject = `pat-${padded(sequence.between(1, amounts.patients), 6)}`;
  const credential = `cred-${padded(sequence.between(1, amounts.storedCredentials), 6)}`;
  return {
    id,
    workspaceId: sequence.pick(workspaceIds),
    at: sequence.instantWithin(window),
    actor: `usr-${padded(sequence.between(1, 60), 4)}`,
    message: sequence.pick([
      `read record ${subject}`,
      `changed phone of ${subject}, shown as ***-***-01**`,
      `looked up by ssn ***-**-${padded(sequence.between(1, 9999), 4)}`,
      `exported ${asset(sequence)}`,
      `used ${credential}`,
    ]),
  };
}

function asset(sequence: SeededSequence): string {
  return `asset:${padded(sequence.between(0, 0xffffffff).toString(16), 8)}`;
}

function padded(value: number | string, length: number): string {
  return String(value).padStart(length, '0');
}

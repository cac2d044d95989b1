/**
 * The mock data set: the shape of the production schema, with nobody's data in it.
 *
 * Glossary
 * - surrogate id:    names a row without saying who it is: `pat-000017`, `usr-0042`, `cred-000003`
 * - tokenized asset: stands for something that must not be written down: `asset:3f9c01d2`
 * - masked value:    what is left of a value after masking: `***-**-0042`
 */
export interface DataSet {
  /** Every timestamp lies in it; `until` is outside. */
  window: ReleaseWindow;
  workspaces: Workspace[];
  patients: Patient[];
  storedCredentials: StoredCredential[];
  prescriptions: Prescription[];
  accessLog: AccessLogEntry[];
}

export interface ReleaseWindow {
  from: string;
  until: string;
}

export interface Workspace {
  id: string;
  name: string;
  ownerEmail: string;
  createdAt: string;
}

/** `name`, `ssn` and `phone` are personal data: sealed before they reach the database. */
export interface Patient {
  id: number;
  workspaceId: string;
  name: string;
  ssn: string;
  phone: string;
  born: string;
  enrolledAt: string;
}

/** `token` is sealed, too; in the mock data it is a tokenized asset. */
export interface StoredCredential {
  id: number;
  workspaceId: string;
  provider: string;
  token: string;
  createdAt: string;
}

/** `medication`, `dosage` and `note` are sealed. */
export interface Prescription {
  id: number;
  patientId: number;
  medication: string;
  dosage: string;
  note: string;
  prescribedAt: string;
}

export interface AccessLogEntry {
  id: number;
  workspaceId: string;
  at: string;
  actor: string;
  message: string;
}

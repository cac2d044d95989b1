/** What the report of an incident is made of: records as they were read, and nothing worked out yet. */
import type { AccessAudit } from '../../events/access-audit.ts';
import type { ReencryptionRecord } from '../../events/control-records.ts';
import type {
  DrilledRecord,
  EmergencyRecord,
  EmergencySecretRecord,
  StageRecord,
} from '../../events/emergency.ts';
import type { Contacts } from '../deployment/contacts.ts';

export interface IncidentFacts {
  readonly now: Date;
  readonly emergency: EmergencyRecord;
  readonly stages: readonly StageRecord[];
  readonly secrets: readonly EmergencySecretRecord[];
  readonly audit: AccessAudit | { readonly missing: string };
  readonly manifest: IncidentManifest;
  /** By key of the encryption secret: the record of its rows. */
  readonly rows?: Readonly<Record<string, ReencryptionRecord>> | undefined;
  /** Of a drill: what it expects of a real one. */
  readonly drilled?: DrilledRecord | undefined;
}

/** What of the deployment's manifest is used: a `Manifest` may be handed over as it is. */
export interface IncidentManifest {
  readonly name: string;
  readonly environment: string;
  readonly region: string;
  readonly secrets: readonly IncidentManifestSecret[];
  readonly consumers: readonly { readonly name: string; readonly reads: readonly string[] }[];
  readonly sync?:
    | { readonly targets: readonly { readonly secret: string; readonly target: string }[] }
    | undefined;
  readonly certificates?: readonly { readonly name: string }[] | undefined;
  readonly contacts?: Contacts | undefined;
}

export interface IncidentManifestSecret {
  readonly key: string;
  readonly name: string;
  readonly kind: 'jwt' | 'encryption' | 'database' | 'userManaged';
  /** False: nothing rotates it yet. */
  readonly armed?: boolean | undefined;
  readonly readerCacheSeconds?: number | undefined;
  readonly reencryption?: { readonly mode: 'online' | 'maintenance' } | undefined;
  /** Of a database. */
  readonly roles?: readonly string[] | undefined;
  readonly identity?: string | undefined;
}

/** What the report is made of: facts that were read, and nothing worked out yet. */
import type {
  AfterRotationRecord,
  ReencryptionRecord,
  RotationRecord,
} from '../../events/control-records.ts';
import type { VersionIdsToStages } from '../../policy/labels.ts';
import type { Stray } from '../../policy/strays.ts';
import type { DeploymentReport, ReportedCertificate } from '../deployment-report.ts';
import type { LastDrill } from '../emergency-status.ts';
import type { SecretStatus } from '../status-report.ts';
import type { Contacts } from './contacts.ts';

export interface DeploymentFacts {
  readonly now: Date;
  readonly from: Date;
  readonly deployment: DeploymentReport['deployment'];
  readonly caller: DeploymentReport['caller'];
  readonly contacts?: Contacts | undefined;
  readonly secrets: readonly FactsOfSecret[];
  /** Absent: the deployment has no machine for emergencies. */
  readonly lastDrill?: LastDrill | undefined;
  readonly certificates: readonly ReportedCertificate[];
  /** Tagged as this deployment's, and not in it. */
  readonly strays: readonly Stray[];
  readonly auditLog: {
    readonly group: string;
    readonly state: DeploymentReport['auditLog']['state'];
    readonly lines: readonly string[];
    readonly problem?: string | undefined;
  };
}

export interface FactsOfSecret {
  readonly key: string;
  readonly name: string;
  readonly purpose: string;
  /** Consumers and functions that may read it. */
  readonly access: readonly string[];
  readonly status: SecretStatus;
  /** As Secrets Manager describes it; absent: it did not tell. */
  readonly description?: Description | undefined;
  readonly rotations: readonly RotationRecord[];
  readonly afterRotations: readonly AfterRotationRecord[];
  readonly reencryption?: ReencryptionRecord | undefined;
}

export interface Description {
  readonly arn: string;
  readonly rotationEnabled: boolean;
  readonly nextRotationDate?: Date;
  readonly lastRotatedDate?: Date;
  readonly createdDate?: Date;
  readonly lastAccessedDate?: Date;
  readonly kmsKeyId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly versionIdsToStages: VersionIdsToStages;
}

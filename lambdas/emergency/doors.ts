/** What the tasks of an emergency need of the outside world; exactly these methods. None of them reads a value. */
import type { Manifest } from '../../domain/config/manifest.ts';
import type { Clock } from '../../doors/clock.ts';
import type { ContainmentDoor } from '../../doors/containment.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { EmergencyRecordsDoor } from '../../doors/emergency-records.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { FunctionsDoor } from '../../doors/function-answer.ts';
import type { FunctionRolesDoor } from '../../doors/function-roles.ts';
import type { IncidentStoreDoor } from '../../doors/incident-store.ts';
import type { Log } from '../../doors/log.ts';
import type { RevokedSessionsDoor } from '../../doors/revoked-sessions.ts';
import type { RolloutRecordsDoor } from '../../doors/rollout-records.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { PermissionsSimulationDoor } from '../../doors/simulated-rights.ts';
import type { StepFunctionsDoor } from '../../doors/step-functions.ts';

export interface EmergencyDoors {
  /** What a drill came to is read by people, not here. */
  records: Omit<EmergencyRecordsDoor, 'getDrilled'>;
  controlTable: Pick<
    ControlTableDoor,
    | 'putIntent'
    | 'getRotation'
    | 'getAfterRotation'
    | 'getAfterRotations'
    | 'putCompromised'
    | 'getConsumers'
    | 'getReencryption'
  >;
  rolloutRecords: Pick<RolloutRecordsDoor, 'getRollouts'>;
  secretsManager: Pick<SecretsManagerDoor, 'describe' | 'rotate'>;
  /** Of the secrets' resource policies. */
  containment: ContainmentDoor;
  sessions: RevokedSessionsDoor;
  /** Of a drill: what roles may do, and whose they are. */
  simulation: PermissionsSimulationDoor;
  functionRoles: FunctionRolesDoor;
  stepFunctions: StepFunctionsDoor;
  /** The rollout function, those that ask for health, and the access audit. */
  functions: FunctionsDoor;
  eventBus: EventBusDoor;
  incidents: IncidentStoreDoor;
  /** ARNs of what a drill has simulated. Roles of functions are asked for by name. */
  roles: {
    readonly function: string;
    readonly machine: string;
    readonly afterRotationMachine: string;
    /** Absent: nothing restarts a consumer of this deployment. */
    readonly rolloutMachine?: string | undefined;
    /** The key that the control table is under. */
    readonly controlKey: string;
  };
  manifest(): Promise<Manifest>;
  clock: Clock;
  log: Log;
}

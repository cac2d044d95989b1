/** One look at an emergency, from outside: its records, and whether its execution is alive. */
import type {
  DrilledRecord,
  EmergencyRecord,
  EmergencySecretRecord,
  StageRecord,
} from '../../domain/events/emergency.ts';
import { emergencyStages } from '../../domain/events/emergency.ts';
import { isAwsError } from '../../doors/aws-call.ts';
import type { OpenDeployment } from '../command.ts';

export interface Followed {
  readonly id: string;
  /** The execution that was started here; absent: the one its record names. */
  readonly execution?: string | undefined;
  /** Goes on with one that ended: what had failed by then is not told, it is tried again. */
  readonly since?: string | undefined;
}

export interface Look {
  /** Absent: its first task has not recorded it yet. */
  readonly head: EmergencyRecord | undefined;
  /** Those that have begun, in their order. */
  readonly stages: readonly StageRecord[];
  /** The exposed ones first. */
  readonly secrets: readonly EmergencySecretRecord[];
  /** Is an execution at work? Undefined: whoever looks may not know. */
  readonly live: boolean | undefined;
}

export async function lookAt(
  deployment: OpenDeployment,
  { id, execution }: Followed,
): Promise<Look> {
  const { emergencyRecords } = deployment;
  // The head first: where it says that it has ended, stages and secrets are as they ended.
  const head = await emergencyRecords.getEmergency(id);
  const [stages, secrets, live] = await Promise.all([
    emergencyRecords.getStages(id),
    emergencyRecords.getSecrets(id),
    isLive(deployment, execution ?? head?.execution),
  ]);
  const keys = deployment.manifest.secrets.map(({ key }) => key);
  return {
    head,
    stages: stages.toSorted((a, b) => placeOf(a) - placeOf(b)),
    secrets: secrets.toSorted(
      (a, b) => Number(b.exposed) - Number(a.exposed) || keys.indexOf(a.key) - keys.indexOf(b.key),
    ),
    live,
  };
}

const placeOf = ({ stage }: StageRecord): number => emergencyStages.indexOf(stage);

async function isLive(
  { stepFunctions }: OpenDeployment,
  execution: string | undefined,
): Promise<boolean | undefined> {
  if (execution === undefined) return false;
  try {
    return await stepFunctions.isRunning(execution);
  } catch (error) {
    if (isAwsError(error, 'AccessDeniedException')) return undefined;
    throw error;
  }
}

/** What a drill found; another one may have been made since. */
export async function drilledBy(
  { emergencyRecords }: OpenDeployment,
  { id, drill }: Pick<EmergencyRecord, 'id' | 'drill'>,
): Promise<DrilledRecord | undefined> {
  if (!drill) return undefined;
  const last = await emergencyRecords.getDrilled();
  return last?.id === id ? last : undefined;
}

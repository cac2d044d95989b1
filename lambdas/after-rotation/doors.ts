/** What the AfterRotation's tasks need of the outside world; exactly these methods. */
import type { Manifest } from '../../domain/config/manifest.ts';
import type { Clock } from '../../doors/clock.ts';
import type { ConsumersHookDoor } from '../../doors/consumers-hook.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { EmergencyRecordsDoor } from '../../doors/emergency-records.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { FunctionsDoor } from '../../doors/function-answer.ts';
import type { Log } from '../../doors/log.ts';
import type { MetricsDoor } from '../../doors/metrics.ts';
import type { RolloutRecordsDoor } from '../../doors/rollout-records.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { StepFunctionsDoor } from '../../doors/step-functions.ts';
import type { WebhookDoor } from '../../doors/webhook.ts';

export interface RedeployHook {
  readonly url: string;
  readonly webhook: Pick<WebhookDoor, 'send'>;
  /** Text of its signing secret; undefined: it has none yet. */
  key(): Promise<string | undefined>;
}

export interface AfterRotationDoors {
  secretsManager: Pick<SecretsManagerDoor, 'describe' | 'rotate'>;
  controlTable: Pick<
    ControlTableDoor,
    | 'getRotation'
    | 'putIntent'
    | 'getAfterRotation'
    | 'moveAfterRotation'
    | 'getLease'
    | 'getReencryption'
    | 'updateReencryption'
    | 'getConsumers'
    | 'putConsumers'
    | 'getCompromised'
    | 'getHold'
    | 'putHold'
  >;
  rolloutRecords: Pick<RolloutRecordsDoor, 'getRollouts' | 'getFailed' | 'putFailed'>;
  /** @param deployment `<name>/<environment>` */
  emergencyRecords(deployment: string): Pick<EmergencyRecordsDoor, 'getEmergency' | 'getStage'>;
  /** ARNs of the state machines; absent: no rows follow a key in this deployment. */
  machines: { afterRotation?: string | undefined; reencryption?: string | undefined };
  stepFunctions: Pick<StepFunctionsDoor, 'startExecution'>;
  eventBus: EventBusDoor;
  consumersHook: ConsumersHookDoor;
  functions: FunctionsDoor;
  /** Redeploys the previous release when a rotation was rolled back; absent: the deployment names nothing that does. */
  redeploy?: RedeployHook | undefined;
  manifest(): Promise<Manifest>;
  metrics: MetricsDoor;
  clock: Clock;
  log: Log;
}

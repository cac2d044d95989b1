/** What a command line opens, with what somebody may do: by default the policy of emergencies, and nothing else. */
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { OpenDeployment } from '../../cli/command.ts';
import { auditLog } from '../../doors/audit-log.ts';
import {
  controlTableWith,
  type ExplicitAccess,
  emergenciesWith,
  functionsWith,
  secretsManagerWith,
  stepFunctionsWith,
  triggersWith,
} from '../../doors/explicit-access.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import type { EmergencyStage } from './emergency-stage.ts';

/** @param meanwhile is let know of each look before time goes by */
export function personsDeployment(
  stage: EmergencyStage,
  meanwhile: () => Promise<void> = async () => undefined,
  access: ExplicitAccess = stage.personAccess(),
): OpenDeployment {
  const { world } = stage;
  const { sandbox, operator } = world.stage;
  const { manifest } = operator;
  const { region, url: endpoint, account } = sandbox;
  return {
    manifest,
    caller: { arn: `arn:aws:iam::${account}:user/ines`, account, region, endpoint },
    secretsManager: secretsManagerWith(access),
    controlTable: controlTableWith(access, manifest.controlTable),
    rolloutRecords: rolloutRecords(manifest.controlTable, new DynamoDBClient(access)),
    functions: functionsWith(access),
    stepFunctions: stepFunctionsWith(access),
    auditLog: auditLog(new CloudWatchLogsClient(access)),
    triggers: triggersWith(access, manifest.controlTable),
    ...emergenciesWith(access, manifest),
    clock: {
      now: () => sandbox.clock.now(),
      async sleep(milliseconds: number) {
        await meanwhile();
        await world.later(milliseconds);
      },
    },
    newToken: () => world.newToken(),
  };
}

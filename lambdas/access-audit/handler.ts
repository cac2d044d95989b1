/** Who read which secret: an AccessQuestion in, an AccessAnswer out; again with its progress until it is done. */
import type { AccessAnswer } from '../../domain/events/access-audit.ts';
import { athena } from '../../doors/athena.ts';
import { systemClock } from '../../doors/clock.ts';
import { cloudTrail } from '../../doors/cloud-trail.ts';
import { deployedFile } from '../../doors/deployed-file.ts';
import { functionRoles } from '../../doors/function-roles.ts';
import { lambdaLog } from '../../doors/log.ts';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { policyHolders } from '../../doors/policy-holders.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { auditAccess } from './audit.ts';
import type { AccessAuditDoors } from './doors.ts';
import { accessAuditEnvironmentSchema, auditedKeysSchema } from './environment.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(accessAuditEnvironmentSchema, process.env);
const { ACCOUNT, PARTITION, BREAK_GLASS_ROLE, WORKGROUP, DATABASE } = environment;
const doors: AccessAuditDoors = {
  history: cloudTrail(),
  trail:
    WORKGROUP === undefined || DATABASE === undefined ? undefined : athena(WORKGROUP, DATABASE),
  policies: policyHolders(),
  functions: functionRoles(),
  clock: systemClock,
  log: lambdaLog('access-audit'),
};
const keys = deployedFile(
  auditedKeysSchema,
  'keys.json',
  process.env.LAMBDA_TASK_ROOT ?? import.meta.dirname,
  process.env,
);
const manifest = manifestByRequest(environment.MANIFEST_PARAMETER);

export async function handler(event: unknown): Promise<AccessAnswer> {
  return auditAccess(
    doors,
    {
      manifest: await manifest(),
      account: ACCOUNT,
      partition: PARTITION,
      keys,
      breakGlassRole: BREAK_GLASS_ROLE,
    },
    event,
  );
}

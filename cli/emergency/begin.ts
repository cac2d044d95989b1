/** Starts the machine: that is the one thing the command line does in an emergency. */
import type { ManifestEmergency } from '../../domain/config/emergency-manifest.ts';
import type { EmergencyInput, EmergencyRecord } from '../../domain/events/emergency.ts';
import { isAwsError } from '../../doors/aws-call.ts';
import type { OpenDeployment } from '../command.ts';
import { emergencyOf } from './asked.ts';
import { EmergencyClosedError, EmergencyNotAllowedError, EmergencyRunningError } from './errors.ts';

/** What begins later sorts later. */
export const newId = async ({ clock, newToken }: OpenDeployment): Promise<string> => {
  const at = clock.now().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
  return `${at}z-${(await newToken()).slice(-16)}`;
};

/**
 * @returns ARN of the execution
 * @throws EmergencyNotAllowedError, AwsCallError
 */
export function begin(
  deployment: OpenDeployment,
  input: EmergencyInput & { id: string },
): Promise<string> {
  return start(deployment, input.id, input);
}

/**
 * Another execution under the same id: what is done it does not do again, what failed it does.
 * @throws EmergencyClosedError, EmergencyRunningError, EmergencyNotAllowedError, AwsCallError
 */
export async function resume(deployment: OpenDeployment, head: EmergencyRecord): Promise<string> {
  const { id, exposed, others, reason, exposedSince, suspects } = head;
  if (head.state === 'closed') {
    throw new EmergencyClosedError(
      `${head.drill ? 'Drill' : 'Emergency'} ${id} is closed: every stage is done, or had nothing to do; expected one of which something failed. Begin another one where something is left. Nothing was changed.`,
    );
  }
  if (head.state === 'running' && (await deployment.stepFunctions.isRunning(head.execution))) {
    throw new EmergencyRunningError(
      `Emergency ${id} is at work; expected one that has ended. Follow it: npx quarterturn emergency --follow ${id}. Nothing was changed.`,
    );
  }
  // The name of an execution is taken for 90 days (API_StartExecution), at most 80 characters.
  const name = `${id}-${(await deployment.newToken()).slice(-8)}`;
  return start(deployment, name, {
    id,
    secrets: exposed,
    others: others.length > 0,
    reason,
    ...(exposedSince !== undefined && { exposedSince }),
    suspects,
    keepRunning: head.keepRunning,
    drill: head.drill,
    unattended: head.unattended,
    requestedBy: head.requestedBy,
  });
}

/** @param input strict: `emergencyInputSchema`, or what takes containment away */
export async function start(
  deployment: OpenDeployment,
  name: string,
  input: object,
): Promise<string> {
  const emergency = emergencyOf(deployment.manifest);
  try {
    await deployment.stepFunctions.startExecution({
      stateMachineArn: arnOf(deployment, `stateMachine:${emergency.machine}`),
      name,
      input,
    });
  } catch (error) {
    if (!isAwsError(error, 'AccessDeniedException', 'AccessDenied')) throw error;
    throw notAllowed(deployment, emergency, error.message);
  }
  return executionArn(deployment, name);
}

/** Of the execution that began an emergency its id is the name. */
export const executionArn = (deployment: OpenDeployment, name: string): string =>
  arnOf(deployment, `execution:${emergencyOf(deployment.manifest).machine}:${name}`);

/** arn:<partition>:…; China and GovCloud have partitions of their own. */
function arnOf({ caller }: OpenDeployment, resource: string): string {
  const [, partition = 'aws'] = caller.arn.split(':');
  return `arn:${partition}:states:${caller.region}:${caller.account}:${resource}`;
}

/**
 * IAM says "not authorized" whether a policy or a condition is missing, so both are told. A user's session has
 * `aws:MultiFactorAuthPresent` when it was made with a code; that of a role never says so, however it was assumed (IAM
 * user guide, "Secure API access with MFA"), but the one for emergencies, which is assumed with one.
 */
function notAllowed(
  { caller }: Pick<OpenDeployment, 'caller'>,
  { machine, policy }: ManifestEmergency,
  message: string,
): EmergencyNotAllowedError {
  const [, partition = 'aws'] = caller.arn.split(':');
  // What helps in general is not what helps here.
  const [said] = message.split(' What to do: ');
  const user = caller.arn.split(':user/')[1];
  const device = `arn:${partition}:iam::${caller.account}:mfa/${user?.split('/').at(-1) ?? '<your device>'}`;
  const session =
    user === undefined
      ? `Of a role only the one for emergencies (output EmergencyRoleArn) will do, assumed by a user with a code: aws sts assume-role --role-arn <role> --role-session-name emergency --serial-number ${device} --token-code <code>`
      : `Get a session with a code: aws sts get-session-token --serial-number ${device} --token-code <code> (aws iam list-mfa-devices tells the device)`;
  return new EmergencyNotAllowedError(
    `${caller.arn} may not start ${machine} (${said}) Expected the policy ${policy}, and where the deployment asks for it (emergency.requireMfa) a session with MFA. ${session}, and run this again with what it prints as AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Nothing was changed.`,
  );
}

/** What ends a task of an emergency: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  ConsumersMustStopError,
  ContainmentError,
  EmergencyMismatchError,
  EmergencyRunningError,
  InvalidEmergencyInputError,
  InvalidTaskError,
  LiftError,
  NotPromotedError,
  NotProvenError,
  RefusedSuspectsError,
  RotationInTheWayError,
  SecretsTakenError,
  StageIncompleteError,
  UnattendedLimitsError,
  UnexpectedError,
  UnknownEmergencyError,
  UnknownSecretsError,
} from '../../../lambdas/emergency/errors.ts';

const suspect = 'arn:aws:iam::000000000000:role/app/reporting';

test.each<[string, string, string, Error]>([
  [
    'InvalidEmergencyInputError',
    'ERR_ROTATION_EMERGENCY_INPUT',
    'The execution\'s input does not fit in reason; expected { "secrets": ["<key>"] or "all", "reason": "…" } and what docs/emergency.md names beside them. Nothing was begun: start it again.',
    new InvalidEmergencyInputError('reason'),
  ],
  [
    'InvalidEmergencyInputError',
    'ERR_ROTATION_EMERGENCY_INPUT',
    'The execution\'s input does not fit in its shape; expected { "secrets": ["<key>"] or "all", "reason": "…" } and what docs/emergency.md names beside them. Nothing was begun: start it again.',
    new InvalidEmergencyInputError(''),
  ],
  [
    'UnknownSecretsError',
    'ERR_ROTATION_EMERGENCY_UNKNOWN_SECRETS',
    "The input names jtw, bd; expected keys of this deployment's secrets: jwt, db. Nothing was begun: mend the name and start it again.",
    new UnknownSecretsError(['jtw', 'bd'], ['jwt', 'db']),
  ],
  [
    'RefusedSuspectsError',
    'ERR_ROTATION_EMERGENCY_SUSPECTS',
    'The input names arn:aws:iam::000000000000:role/app/reporting, root as suspects; expected principals of this deployment. Nothing was begun: start it again without them, and cut them off yourself where that is needed.',
    new RefusedSuspectsError([suspect, 'root'], 'principals of this deployment'),
  ],
  [
    'UnattendedLimitsError',
    'ERR_ROTATION_EMERGENCY_UNATTENDED',
    'The input is unattended and asks for suspects; expected the named secrets alone: what nobody decided changes those and stops no consumer. Nothing was begun: a person starts what goes beyond it.',
    new UnattendedLimitsError('suspects'),
  ],
  [
    'ConsumersMustStopError',
    'ERR_ROTATION_EMERGENCY_CONSUMERS_MUST_STOP',
    'keepRunning is given and the readers of pii, notes know one key, or its rows move with consumers stopped; expected them to be stopped: under a new key running ones could not open what is there. Nothing was begun: leave keepRunning out, or stop them yourself and say so (quarterturn reencrypt consumers --stopped).',
    new ConsumersMustStopError(['pii', 'notes']),
  ],
  [
    'SecretsTakenError',
    'ERR_ROTATION_EMERGENCY_SECRETS_TAKEN',
    'Emergency e1 is running and changes jwt, db; expected no other one to. Nothing was begun: follow that one, or start an execution under its id when it has ended.',
    new SecretsTakenError('e1', ['jwt', 'db']),
  ],
  [
    'EmergencyRunningError',
    'ERR_ROTATION_EMERGENCY_RUNNING',
    'Emergency e1 is being worked on by execution-2; expected that execution to have ended before another one goes on with it. Nothing was begun: follow that one.',
    new EmergencyRunningError('e1', 'execution-2'),
  ],
  [
    'EmergencyMismatchError',
    'ERR_ROTATION_EMERGENCY_MISMATCH',
    'Emergency e1 was begun for jwt; expected an execution under its id to ask for the same. Nothing was begun: leave the id out to begin another one.',
    new EmergencyMismatchError('e1', 'was begun for jwt'),
  ],
  [
    'UnknownEmergencyError',
    'ERR_ROTATION_EMERGENCY_UNKNOWN',
    'No emergency e1 is on record in this deployment; expected an id as `quarterturn emergency` prints it. Nothing was done.',
    new UnknownEmergencyError('e1'),
  ],
  [
    'RotationInTheWayError',
    'ERR_ROTATION_IN_PROGRESS',
    'pharmacy/prod/db has rotation v2 in progress after 3 attempts to clear the way; expected AWSPENDING to be absent or on AWSCURRENT. Look at quarterturn doctor, then go on under the same id.',
    new RotationInTheWayError('pharmacy/prod/db', 'v2', 3),
  ],
  [
    'RotationInTheWayError',
    'ERR_ROTATION_IN_PROGRESS',
    'pharmacy/prod/db has rotation unknown in progress after 3 attempts to clear the way; expected AWSPENDING to be absent or on AWSCURRENT. Look at quarterturn doctor, then go on under the same id.',
    new RotationInTheWayError('pharmacy/prod/db', undefined, 3),
  ],
  [
    'NotPromotedError',
    'ERR_ROTATION_EMERGENCY_NOT_PROMOTED',
    'Version v2 of pharmacy/prod/db is not AWSCURRENT: AWSCURRENT is v1; expected it to be promoted within ten minutes. The old credential still works. Mend that, then go on under the same id: it is asked for anew.',
    new NotPromotedError('pharmacy/prod/db', 'v2', 'AWSCURRENT is v1'),
  ],
  [
    'NotProvenError',
    'ERR_ROTATION_EMERGENCY_NOT_PROVEN',
    'Version v2 of pharmacy/prod/db is AWSCURRENT, and nothing shows yet what became of the old credential: no look yet; expected a look at it. Mend that, then go on under the same id.',
    new NotProvenError('pharmacy/prod/db', 'v2', 'no look yet'),
  ],
  [
    'ContainmentError',
    'ERR_ROTATION_EMERGENCY_CONTAINMENT',
    "Not everything could be denied to the suspects: db: denied; reporting: absent; expected a statement in every secret's resource policy, and their sessions revoked. Secrets are changed all the same: cut the suspects off yourself, then go on under the same id.",
    new ContainmentError(['db: denied', 'reporting: absent']),
  ],
  [
    'LiftError',
    'ERR_ROTATION_EMERGENCY_LIFT',
    'Not everything that was denied could be taken back: db: denied; reporting: absent; expected no statement of this emergency to be left. The rest is lifted: mend that, and start it again.',
    new LiftError(['db: denied', 'reporting: absent']),
  ],
  [
    'StageIncompleteError',
    'ERR_ROTATION_EMERGENCY_STAGE_INCOMPLETE',
    '2 of 3 secrets are settled',
    new StageIncompleteError('2 of 3 secrets are settled'),
  ],
  [
    'InvalidTaskError',
    'ERR_ROTATION_INVALID_TASK',
    "The task's input does not fit in progress.key; expected { task, execution, progress } as the emergency machine sends it, or the end of one of its executions as EventBridge tells it. Nothing was done.",
    new InvalidTaskError('progress.key'),
  ],
  [
    'InvalidTaskError',
    'ERR_ROTATION_INVALID_TASK',
    "The task's input does not fit in its shape; expected { task, execution, progress } as the emergency machine sends it, or the end of one of its executions as EventBridge tells it. Nothing was done.",
    new InvalidTaskError(''),
  ],
  [
    'UnexpectedError',
    'ERR_ROTATION_UNEXPECTED',
    'TypeError was thrown; its message is withheld, because it may hold anything. Go on under the same id to try again.',
    new UnexpectedError('TypeError'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});

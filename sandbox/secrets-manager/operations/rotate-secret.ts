import type { Caller, Operation } from '../../service.ts';
import { checkSecret, isDeployment } from '../access.ts';
import type { Backend } from '../backend.ts';
import { changeSecret } from '../change.ts';
import { accessDenied, cannotInvoke, invalidRequest, rotationNotComplete } from '../errors.ts';
import { type Input, optionalBoolean, optionalString, requestToken, secretId } from '../input.ts';
import { parseRotationRules, type RotationRules } from '../schedule-expression.ts';
import type { RotationConfiguration, Secret } from '../secret.ts';
import {
  addVersion,
  CURRENT,
  labelled,
  moveLabel,
  PENDING,
  pendingElsewhere,
} from '../versions.ts';

/** Rotations asked for outside a window have one of their own for the retries; AWS tells none. */
const ON_DEMAND_WINDOW = 24 * 3_600_000;

export function rotateSecret(backend: Backend): Operation {
  return {
    authorize: (input) => {
      const secret = backend.store.get(secretId(input));
      const lambdaArn = optionalString(input, 'RotationLambdaARN', 0);
      return [
        checkSecret('RotateSecret', secret, input, {
          ...(lambdaArn === undefined ? {} : { 'secretsmanager:RotationLambdaARN': lambdaArn }),
          'secretsmanager:RotateImmediately': String(
            optionalBoolean(input, 'RotateImmediately') ?? true,
          ),
          'secretsmanager:ModifyRotationRules': String(hasRules(input)),
        }),
      ];
    },
    run: async (input, caller) => {
      const token = requestToken(input, 'InvalidParameterException');
      const secret = rotate(backend, caller, input, token);
      return { ARN: secret.arn, Name: secret.name, VersionId: token };
    },
  };
}

/**
 * Validates, stores the configuration, registers the pending version, and leaves the steps to the
 * background: the answer says nothing about how the rotation will end.
 *
 * 1. unknown or marked for deletion: refused
 * 2. no function given and none stored: refused
 * 3. the service, or the caller, may not invoke it: refused, and nothing is stored
 * 4. the same token while its rotation runs, or after it is done: answered, nothing begins (AWS only says
 *    that the token keeps it from making a version twice)
 * 5. AWSPENDING on another version than AWSCURRENT: refused
 */
export function rotate(backend: Backend, caller: Caller, input: Input, token: string): Secret {
  const givenArn = optionalString(input, 'RotationLambdaARN', 0) || undefined;
  const rules = hasRules(input) ? parseRotationRules(input.RotationRules) : undefined;
  const immediately = optionalBoolean(input, 'RotateImmediately') ?? true;
  const secret = backend.store.live(secretId(input));
  const lambdaArn = givenArn ?? secret.state.rotation?.lambdaArn;
  if (lambdaArn === undefined) {
    throw invalidRequest('No Lambda rotation function ARN is associated with this secret.');
  }
  assertInvocable(backend, caller, secret, lambdaArn);
  if (alreadyKnown(backend, secret, token)) {
    return secret;
  }
  if (pendingElsewhere(secret.state) !== undefined) {
    throw rotationNotComplete();
  }
  changeSecret(backend, secret, (draft, now) => {
    draft.rotation = configuration(draft.rotation, lambdaArn, rules);
    if (rules !== undefined) {
      draft.cadenceBase = now;
    }
    const current = labelled(draft, CURRENT);
    const version = addVersion(draft, token, now);
    moveLabel(draft, PENDING, version);
    if (!immediately && backend.behaviour.testVersion === 'copyOfCurrent' && current?.value) {
      // The service's own copy: sealed as it is, so it needs no KMS rights of the operator.
      version.value = current.value;
    }
  });
  backend.schedule.arm(secret);
  if (immediately) {
    const closes = new Date(backend.clock.now().getTime() + ON_DEMAND_WINDOW);
    backend.rotations.start(secret, token, closes);
  } else {
    backend.rotations.startTest(secret, token);
  }
  return secret;
}

function assertInvocable(
  backend: Backend,
  caller: Caller,
  secret: Secret,
  lambdaArn: string,
): void {
  const { lambda, rotations } = backend;
  if (!lambda.exists(lambdaArn) || !lambda.mayInvoke(rotations.caller(secret), lambdaArn)) {
    throw cannotInvoke();
  }
  if (!isDeployment(caller) && !lambda.mayInvoke(caller, lambdaArn)) {
    throw accessDenied(
      `User: ${caller.arn} is not authorized to perform: lambda:InvokeFunction on resource: ${lambdaArn}`,
    );
  }
}

function alreadyKnown(backend: Backend, secret: Secret, token: string): boolean {
  const version = secret.state.versions.get(token);
  // Taken on, and its label taken away before it had a value: nothing is left of it that could go on.
  if (version !== undefined && backend.rotations.running(secret) === token) {
    return true;
  }
  return version !== undefined && pendingElsewhere(secret.state) !== version;
}

function configuration(
  stored: RotationConfiguration | undefined,
  lambdaArn: string,
  given: RotationRules | undefined,
): RotationConfiguration {
  const rules = given ?? stored?.rules;
  return { enabled: true, lambdaArn, ...(rules === undefined ? {} : { rules }) };
}

function hasRules(input: Input): boolean {
  return input.RotationRules !== undefined && input.RotationRules !== null;
}

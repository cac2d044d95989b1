/** What an app asks of the construct that it cannot give. */

/** Thrown for the key of a secret, or the name of a consumer, that the props do not have. */
export class UnknownKeyError extends Error {
  override readonly name = 'UnknownKeyError';
  readonly code = 'ERR_ROTATION_UNKNOWN_KEY';

  constructor(what: string, found: string, known: Iterable<string>) {
    super(`no ${what} "${found}"; there are ${[...known].join(', ') || 'none'}`);
  }
}

/** Thrown when two deployments of one account would have the same names. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';
  readonly code = 'ERR_ROTATION_NAME_TAKEN';

  constructor(deployment: string, first: string) {
    super(
      `the deployment "${deployment}" stands at ${first} already, and policies are named once an account; expected another name or environment`,
    );
  }
}

/** Thrown when a deployment does not fit in one stack. */
export class DeploymentTooLargeError extends Error {
  override readonly name = 'DeploymentTooLargeError';
  readonly code = 'ERR_ROTATION_DEPLOYMENT_TOO_LARGE';

  constructor(found: string, allowed: string) {
    super(
      `the deployment has ${found}; AWS takes ${allowed}. Split it into two deployments with names of their own`,
    );
  }
}

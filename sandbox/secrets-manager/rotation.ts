/**
 * A rotation in the background: the four steps on the Lambda, the end states of the labels, events and
 * the service's own retries.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 *
 * The user guide says no more of retries than that the service "retries the entire rotation process
 * multiple times during the open rotation windows". Number and spacing below are this stand-in's.
 */
import { randomUUID } from 'node:crypto';
import type { Caller } from '../service.ts';
import type { Behaviour, SecretsManagerPorts } from './backend.ts';
import { changeSecret } from './change.ts';
import { invalidParameter } from './errors.ts';
import type { NativeSchedule } from './schedule.ts';
import type { Secret } from './secret.ts';
import type { ServiceEvents } from './service-events.ts';
import type { SecretStore } from './store.ts';
import { CURRENT, labelled, PENDING, removeLabel } from './versions.ts';

type Step = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';
const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

const MINUTE = 60_000;
const RETRIES_AFTER = [5, 10, 20, 40, 80].map((minutes) => minutes * MINUTE);

interface Run {
  readonly token: string;
  /** Retries that would come later than this are not made. */
  readonly closes: Date;
  attempt: number;
  rotationToken: string;
  /** Cancelled, abandoned or superseded: the step under way ends, no other begins. */
  stopped: boolean;
  takeBackRetry: () => void;
}

interface Dependencies extends SecretsManagerPorts {
  readonly store: SecretStore;
  readonly serviceEvents: ServiceEvents;
  readonly behaviour: Behaviour;
  readonly schedule: NativeSchedule;
}

export class Rotations {
  readonly #with: Dependencies;
  readonly #runs = new Map<string, Run>();

  constructor(dependencies: Dependencies) {
    this.#with = dependencies;
  }

  /** The service as the function's resource policy sees it. */
  caller(secret: Secret): Caller {
    return {
      arn: 'secretsmanager.amazonaws.com',
      kind: 'service',
      service: 'secretsmanager.amazonaws.com',
      sourceAccount: this.#with.account,
      sourceArn: secret.arn,
    };
  }

  /** Token of the rotation that is running or waits for its retry. */
  running(secret: Secret): string | undefined {
    return this.#runs.get(secret.arn)?.token;
  }

  /** Begins the four steps for a version that already carries AWSPENDING. Returns at once. */
  start(secret: Secret, token: string, closes: Date): void {
    this.#background(() => this.#rotate(secret, this.#begin(secret, token, closes)));
  }

  /** Only testSecret, with events of its own; the version is removed afterwards. */
  startTest(secret: Secret, token: string): void {
    this.#background(() => this.#test(secret, this.#begin(secret, token, this.#with.clock.now())));
  }

  /** No further step and no retry. Labels stay as they are. */
  stop(secret: Secret): void {
    const run = this.#runs.get(secret.arn);
    if (run !== undefined) {
      run.stopped = true;
      run.takeBackRetry();
      this.#runs.delete(secret.arn);
    }
  }

  /** A new value became AWSCURRENT while `token` was pending: that rotation is over. */
  abandon(secret: Secret, token: string): void {
    this.stop(secret);
    this.#with.serviceEvents.rotation('RotationAbandoned', secret, token);
  }

  /**
   * The token a function hands back on PutSecretValue proves that it acts for the rotation under way.
   * AWS documents the parameter, not the text of its refusal.
   */
  verify(secret: Secret, rotationToken: string): void {
    if (this.#runs.get(secret.arn)?.rotationToken !== rotationToken) {
      throw invalidParameter('The RotationToken is not valid for a rotation of this secret.');
    }
  }

  #begin(secret: Secret, token: string, closes: Date): Run {
    this.stop(secret);
    const run: Run = {
      token,
      closes,
      attempt: 0,
      rotationToken: randomUUID(),
      stopped: false,
      takeBackRetry: () => undefined,
    };
    this.#runs.set(secret.arn, run);
    return run;
  }

  #background(work: () => Promise<void>): void {
    void this.#with.clock.track(work());
  }

  /** The caller of RotateSecret has its answer before the first step begins. */
  #answered(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async #rotate(secret: Secret, run: Run): Promise<void> {
    await this.#answered();
    if (run.stopped) {
      return;
    }
    const { serviceEvents } = this.#with;
    run.rotationToken = randomUUID();
    serviceEvents.rotation('RotationStarted', secret, run.token);
    for (const step of STEPS) {
      const failure = await this.#step(secret, run, step);
      if (run.stopped) {
        return;
      }
      if (failure !== undefined) {
        this.#failed(secret, run, failure);
        return;
      }
    }
    const version = secret.state.versions.get(run.token);
    if (version?.labels.has(CURRENT) !== true) {
      // Four clean answers are not enough: the function never promoted the version.
      this.#failed(secret, run, this.#failure(secret, 'finishSecret'));
      return;
    }
    this.#succeeded(secret, run);
  }

  /** One synchronous invocation. What the function returns is of no interest, only whether it failed. */
  async #step(secret: Secret, run: Run, step: Step): Promise<string | undefined> {
    const lambdaArn = secret.state.rotation?.lambdaArn ?? '';
    try {
      const outcome = await this.#with.lambda.invoke(this.caller(secret), lambdaArn, {
        Step: step,
        SecretId: secret.arn,
        ClientRequestToken: run.token,
        RotationToken: run.rotationToken,
      });
      return outcome.functionError === undefined ? undefined : this.#failure(secret, step);
    } catch {
      return this.#failure(secret, step);
    }
  }

  #failure(secret: Secret, step: Step): string {
    return `Error when executing lambda ${secret.state.rotation?.lambdaArn} during ${step} step`;
  }

  #succeeded(secret: Secret, run: Run): void {
    this.#runs.delete(secret.arn);
    changeSecret(this.#with, secret, (draft, now) => {
      draft.lastRotated = now;
      draft.cadenceBase = now;
      const version = draft.versions.get(run.token);
      if (this.#with.behaviour.pendingEndState === 'serviceStrips' && version !== undefined) {
        removeLabel(draft, PENDING, version);
      }
    });
    this.#with.schedule.arm(secret);
    this.#with.serviceEvents.rotation('RotationSucceeded', secret, run.token);
  }

  #failed(secret: Secret, run: Run, message: string): void {
    this.#with.serviceEvents.rotation('RotationFailed', secret, run.token, message);
    const delay = RETRIES_AFTER[run.attempt];
    const at = new Date(this.#with.clock.now().getTime() + (delay ?? 0));
    if (delay === undefined || at > run.closes || !this.#wanted(secret, run)) {
      this.#runs.delete(secret.arn);
      return;
    }
    run.attempt += 1;
    run.takeBackRetry = this.#with.clock.at(
      at,
      `retry the rotation of ${secret.name}`,
      async () => {
        if (run.stopped) {
          return;
        }
        if (!this.#wanted(secret, run)) {
          this.#runs.delete(secret.arn);
          return;
        }
        await this.#rotate(secret, run);
      },
    );
  }

  /**
   * A retry has the same token, so it is over when that token lost its label. (Cancelling the rotation
   * and deleting the secret stop the run themselves.)
   */
  #wanted(secret: Secret, run: Run): boolean {
    return labelled(secret.state, PENDING)?.versionId === run.token;
  }

  async #test(secret: Secret, run: Run): Promise<void> {
    await this.#answered();
    if (run.stopped) {
      // Cancelled before it began; "it can leave the VersionStage labels in an unexpected state" (API_CancelRotateSecret).
      return;
    }
    const { serviceEvents } = this.#with;
    serviceEvents.rotation('TestRotationStarted', secret, run.token);
    const failure = await this.#step(secret, run, 'testSecret');
    if (!run.stopped) {
      this.#runs.delete(secret.arn);
    }
    if (secret.state.versions.get(run.token)?.labels.has(CURRENT) === false) {
      changeSecret(this.#with, secret, (draft) => {
        draft.versions.delete(run.token);
      });
    }
    const name = failure === undefined ? 'TestRotationSucceeded' : 'TestRotationFailed';
    serviceEvents.rotation(name, secret, run.token, failure);
  }
}

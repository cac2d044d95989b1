/**
 * The rotation function: parses the event, runs the one step it names, logs one line, and lets nothing
 * leave that could hold a value.
 *
 * One call a step; only an error matters to the service, the return value is ignored (user guide,
 * "Lambda rotation functions"). After an error the service tries the whole rotation again, with the same
 * token, from createSecret: every step is repeatable.
 */
import type { FailureNote, RotationRecord } from '../../domain/events/control-records.ts';
import type { VersionIdsToStages } from '../../domain/policy/labels.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import { type AbandoningRoom, abandon } from './abandon.ts';
import { type DiagnosableRoom, diagnose } from './diagnose.ts';
import { type EjectableRoom, eject } from './eject.ts';
import { ForeignSecretError, InvalidRotationEventError } from './errors.ts';
import { type FunctionEvent, parseEvent, type RotationEvent, type RotationStep } from './event.ts';
import { failureOf } from './failure.ts';
import { preempt } from './preempt.ts';
import { type Inspect, rehearse } from './rehearse.ts';
import { assertResumable, stepToResume } from './resume.ts';
import { type Room, type Run, readCompanion } from './run.ts';
import { checkStaging, describeStaged } from './staging.ts';
import { createSecret } from './steps/create-secret.ts';
import { finishPromoted, finishSecret } from './steps/finish-secret.ts';
import { setSecret } from './steps/set-secret.ts';
import { testSecret } from './steps/test-secret.ts';
import type { JsonCompanionName } from './strategy.ts';

/** What an operation of a room is given beside its input. */
export interface OperationTools {
  companion(name: JsonCompanionName): Promise<unknown>;
  /** The parsed JSON text of one version of this function's secret; undefined when it has none. */
  readVersion(versionId: string): Promise<string | undefined>;
  /** Version id → its staging labels, as they stand now. */
  stages(): Promise<VersionIdsToStages>;
  readonly secretName: string;
  /** What the control table says of this secret. */
  readonly records: Pick<
    ControlTableDoor,
    | 'getLease'
    | 'getIntent'
    | 'getRotation'
    | 'getRotations'
    | 'getCompromised'
    | 'getAfterRotation'
    | 'getAdoption'
  >;
  now: Date;
}
export type RoomOperation = (input: unknown, tools: OperationTools) => Promise<unknown>;

export interface RotationFunction<Value>
  extends EjectableRoom<Value>,
    DiagnosableRoom<Value>,
    AbandoningRoom<Value> {
  /** Further operations of this secret's function, invoked by the state machines. */
  operations?: Readonly<Record<string, RoomOperation>>;
  /** What a rehearsal tells of a value of this kind. */
  inspect?: Inspect<Value>;
}

export type RotationHandler = (
  event: unknown,
  context: { invokedFunctionArn: string },
) => Promise<unknown>;

/** Characters of a message that are kept. */
const maximumNote = 1024;

type StepFunction = <Value>(run: Run<Value>) => Promise<string>;
const steps: Record<RotationStep, StepFunction> = {
  createSecret,
  setSecret,
  testSecret,
  finishSecret,
};

export function rotationHandler<Value>(room: RotationFunction<Value>): RotationHandler {
  return async (event, context) => {
    const started = room.doors.clock.now();
    let what = 'event';
    try {
      const parsed = parseEvent(event);
      what = parsed.kind === 'step' ? parsed.step.Step : parsed.name;
      return await dispatch(room, parsed, context.invokedFunctionArn, started);
    } catch (error) {
      const failure = failureOf(error, what);
      room.doors.log.error('failed', {
        secret: room.environment.SECRET_NAME,
        step: what,
        code: failure.code,
        reason: failure.message,
        frames: failure.frames,
      });
      await noteFailure(room, event, { step: what, ...failure, at: started.toISOString() });
      throw failure.error;
    }
  };
}

async function dispatch<Value>(
  room: RotationFunction<Value>,
  event: FunctionEvent,
  functionArn: string,
  now: Date,
): Promise<unknown> {
  if (event.kind === 'step') {
    return runStep(room, event.step, functionArn, now);
  }
  if (event.name === 'preempt') {
    return preempt(room, event.input);
  }
  if (event.name === 'rehearse') {
    return rehearse(room, event.input, functionArn);
  }
  if (event.name === 'eject') {
    return eject(room, event.input);
  }
  if (event.name === 'diagnose') {
    return diagnose(room, event.input, functionArn);
  }
  if (event.name === 'abandon') {
    return abandon(room, event.input);
  }
  if (event.name === 'resume') {
    const step = stepToResume(room, event.input);
    await assertResumable(room, step);
    return runResumed(room, step, functionArn, now);
  }
  const operation = Object.hasOwn(room.operations ?? {}, event.name)
    ? room.operations?.[event.name]
    : undefined;
  if (operation === undefined) {
    throw new InvalidRotationEventError('names an operation this function does not have');
  }
  return operation(event.input, {
    companion: (name) => readCompanion(room, name),
    readVersion: (versionId) =>
      room.doors.secretsManager.getValue(room.environment.SECRET_ARN, versionId),
    stages: async () =>
      (await room.doors.secretsManager.describe(room.environment.SECRET_ARN)).versionIdsToStages,
    secretName: room.environment.SECRET_NAME,
    records: room.doors.controlTable,
    now,
  });
}

/**
 * For on-call, who follows a rotation and may not read this function's log. Whatever goes wrong here is
 * logged and forgotten: the step's own error is what must reach the service.
 */
async function noteFailure<Value>(
  { doors, environment }: Room<Value>,
  event: unknown,
  { step, code, message, at }: FailureNote,
): Promise<void> {
  try {
    const parsed = parseEvent(event);
    if (parsed.kind !== 'step' || parsed.step.SecretId !== environment.SECRET_ARN) return;
    const failure = { step, code, message: message.slice(0, maximumNote), at };
    await doors.controlTable.updateRotation(
      environment.SECRET_NAME,
      parsed.step.ClientRequestToken,
      (record) => ({ ...record, failure }),
    );
  } catch {
    doors.log.error('failureNotNoted', { secret: environment.SECRET_NAME, step });
  }
}

/** The service learns nothing of a step it did not call; on-call does, from the same record. */
async function runResumed<Value>(
  room: Room<Value>,
  step: RotationEvent,
  functionArn: string,
  now: Date,
): Promise<{ outcome: string }> {
  try {
    return await runStep(room, step, functionArn, now);
  } catch (error) {
    const { code, message } = failureOf(error, step.Step);
    await noteFailure(room, step, { step: step.Step, code, message, at: now.toISOString() });
    throw error;
  }
}

async function runStep<Value>(
  room: Room<Value>,
  event: RotationEvent,
  functionArn: string,
  now: Date,
): Promise<{ outcome: string }> {
  if (event.SecretId !== room.environment.SECRET_ARN) {
    throw new ForeignSecretError(room.environment.SECRET_ARN);
  }
  const token = event.ClientRequestToken;
  const description = await describeStaged(room, token);
  const staging = checkStaging(description, token, functionArn);
  const run: Run<Value> = {
    ...room,
    token,
    ...(event.RotationToken && { rotationToken: event.RotationToken }),
    description,
    now,
    evidence: [],
  };
  const outcome = await outcomeOf(run, event.Step, staging);
  const milliseconds = room.doors.clock.now().getTime() - now.getTime();
  // A rotation whose record was made while the current value was tested has not had its own tested by that.
  const record = configurationTests.has(outcome)
    ? undefined
    : await remember(run, event.Step, outcome, milliseconds);
  room.doors.log.info('step', {
    secret: room.environment.SECRET_NAME,
    step: event.Step,
    token,
    intent: record?.intent,
    outcome,
    milliseconds,
  });
  return { outcome };
}

/** Outcomes of testSecret that are of no rotation (test-secret.ts): they leave nothing behind. */
const configurationTests: ReadonlySet<string> = new Set(['currentTested', 'uninitialised']);

/** A token that is AWSCURRENT is a rotation that is over: repeating its steps changes nothing. */
async function outcomeOf<Value>(
  run: Run<Value>,
  step: RotationStep,
  staging: 'current' | 'pending',
): Promise<string> {
  if (staging === 'pending') {
    return steps[step](run);
  }
  return step === 'finishSecret' ? finishPromoted(run) : 'unchanged';
}

/** Durations and facts, for the audit event. */
async function remember<Value>(
  run: Run<Value>,
  step: RotationStep,
  outcome: string,
  milliseconds: number,
): Promise<RotationRecord | undefined> {
  const { controlTable, log } = run.doors;
  const change = controlTable.updateRotation(
    run.environment.SECRET_NAME,
    run.token,
    ({ failure, ...record }) => ({
      ...record,
      // What an earlier run of this step met is over; what another step met may not be.
      ...(failure !== undefined && failure.step !== step && { failure }),
      steps: {
        ...record.steps,
        // A repetition that found the work done says nothing about how long it took.
        [step]:
          outcome === 'unchanged' && record.steps[step] !== undefined
            ? record.steps[step]
            : { at: run.now.toISOString(), milliseconds, outcome },
      },
      evidence: distinct([...record.evidence, ...run.evidence]),
    }),
  );
  try {
    return await change;
  } catch (error) {
    if (step !== 'finishSecret' || !(error instanceof AwsCallError)) {
      throw error;
    }
    // The promotion stands and the labels show it; failing now would report a rotation that succeeded.
    log.error('stepNotRecorded', { secret: run.environment.SECRET_NAME, step, token: run.token });
    return undefined;
  }
}

/** A repeated step states the same facts again. */
function distinct<Fact>(facts: readonly Fact[]): Fact[] {
  return [...new Map(facts.map((fact) => [JSON.stringify(fact), fact])).values()];
}

/**
 * Data flow between states. JSONPath and Choice rules are the library's, run as machines of one state;
 * why not whole machines: docs/decisions/0003-step-functions-in-the-sandbox.md.
 */
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import type { ChoiceState } from './definition.ts';
import { evaluateIntrinsic } from './intrinsics.ts';
import { isRecord, type Json } from './json.ts';
import { runtimeError, StateError } from './state-error.ts';

/** `$$`: the context object. */
export type Context = Record<string, Json>;

/** @throws StateError States.Runtime when the path does not point to a value */
export async function readPath(path: string, input: Json, context: Context): Promise<Json> {
  if (path === '$') {
    return input;
  }
  if (path === '$$') {
    return context;
  }
  const state = { Type: 'Pass', Parameters: { 'value.$': renamed(path) }, End: true };
  try {
    const found = await run({ StartAt: 'path', States: { path: state } }, input, context);
    return (found as { value: Json }).value;
  } catch (error) {
    // A path that may point to several values points to none: AWS gives an empty list.
    if (error instanceof StateError && /\*|\.\.|\?\(|[[\d]:|,/.test(path)) {
      return [];
    }
    const shown = JSON.stringify(input).slice(0, 500);
    throw runtimeError(`The JSONPath '${path}' could not be found in the input '${shown}'`);
  }
}

/** InputPath, OutputPath: absent everything, null an empty object. */
export async function applyPath(
  path: string | null | undefined,
  value: Json,
  context: Context,
): Promise<Json> {
  if (path === null) {
    return {};
  }
  return path === undefined ? value : readPath(path, value, context);
}

/** Parameters, ResultSelector, ItemSelector: `"name.$"` takes a path or an intrinsic function. */
export async function fillTemplate(template: Json, input: Json, context: Context): Promise<Json> {
  if (Array.isArray(template)) {
    return Promise.all(template.map((inner) => fillTemplate(inner, input, context)));
  }
  if (!isRecord(template)) {
    return template;
  }
  const filled: Record<string, Json> = {};
  for (const [key, value] of Object.entries(template)) {
    if (key.endsWith('.$') && typeof value === 'string') {
      filled[key.slice(0, -2)] = value.startsWith('$')
        ? await readPath(value, input, context)
        : await evaluateIntrinsic(value, (path) => readPath(path, input, context));
    } else {
      filled[key] = await fillTemplate(value, input, context);
    }
  }
  return filled;
}

/** ResultPath: absent the result replaces the input, null it is discarded, otherwise it is put there. */
export function placeResult(path: string | null | undefined, input: Json, result: Json): Json {
  if (path === null) {
    return input;
  }
  if (path === undefined || path === '$') {
    return result;
  }
  const steps = [...path.matchAll(/\.([^.[\]]+)|\['([^']+)'\]/g)].map(([, a, b]) => a ?? b ?? '');
  if (steps.length === 0 || !isRecord(input)) {
    throw new StateError(
      'States.ResultPathMatchFailure',
      `Unable to apply ReferencePath ${path} to input ${JSON.stringify(input).slice(0, 500)}`,
    );
  }
  return place(input, steps, result);
}

function place(target: Json | undefined, [step, ...rest]: string[], result: Json): Json {
  if (step === undefined) {
    return result;
  }
  const parent = isRecord(target) ? target : {};
  return { ...parent, [step]: place(parent[step], rest, result) };
}

/** The name of the next state. @throws StateError States.NoChoiceMatched, States.Runtime */
export async function choose(state: ChoiceState, input: Json, context: Context): Promise<string> {
  const targets = [...state.Choices.map((rule) => rule.Next), state.Default ?? []].flat();
  const answers = targets.map((name) => [`→${name}`, { Type: 'Pass', Result: name, End: true }]);
  const choice = {
    Type: 'Choice',
    Choices: state.Choices.map((rule) => ({
      ...(renamedRule(rule) as object),
      Next: `→${rule.Next}`,
    })),
    ...(state.Default === undefined ? {} : { Default: `→${state.Default}` }),
  };
  const machine = { StartAt: 'choice', States: { choice, ...Object.fromEntries(answers) } };
  return (await run(machine, input, context)) as string;
}

/** The library overwrites Execution.Input and Execution.StartTime of the context it is given. */
function renamed(path: string): string {
  return path.replace(/^\$\$\.Execution\b/, '$$$$.RunningExecution');
}

function renamedRule(rule: unknown): unknown {
  if (Array.isArray(rule)) {
    return rule.map(renamedRule);
  }
  if (!isRecord(rule)) {
    return rule;
  }
  return Object.fromEntries(
    Object.entries(rule).map(([key, value]) =>
      typeof value === 'string' && (key === 'Variable' || key.endsWith('Path'))
        ? [key, renamed(value)]
        : [key, renamedRule(value)],
    ),
  );
}

async function run(machine: object, input: Json, context: Context): Promise<unknown> {
  const definition = machine as StateMachineDefinition;
  const library = new StateMachine(definition, { validationOptions: { noValidate: true } });
  const own = { ...context, RunningExecution: context.Execution };
  try {
    return await library.run(input as never, { context: own }).result;
  } catch (error) {
    const cause = (error as Error).cause;
    const name = cause instanceof Error && cause.name.startsWith('States.') ? cause.name : '';
    throw new StateError(name || 'States.Runtime', (cause as Error | undefined)?.message ?? '');
  }
}

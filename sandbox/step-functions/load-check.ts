/**
 * What a state machine must look like to be loaded. Everything the sandbox does not run as AWS would is
 * refused here by name; nothing is ignored.
 */
import { ServiceException } from '../service.ts';
import type { Machine } from './definition.ts';
import { checkDistributedMap, distributedFields, templatesOf } from './distributed-map-check.ts';
import { functionNames } from './intrinsics.ts';
import { isRecord } from './json.ts';
import { schemaErrors } from './language-schema.ts';

const common = 'Type Comment Next End InputPath OutputPath QueryLanguage';
const fallible = `${common} Parameters ResultSelector ResultPath Retry Catch`;
const fields: Readonly<Record<string, string>> = {
  Task: `${fallible} Resource TimeoutSeconds TimeoutSecondsPath`,
  Pass: `${common} Result Parameters ResultPath`,
  Wait: `${common} Seconds SecondsPath Timestamp TimestampPath`,
  Choice: `${common} Choices Default`,
  Parallel: `${fallible} Branches`,
  Map: `${fallible} ItemProcessor Iterator ItemSelector ItemsPath MaxConcurrency MaxConcurrencyPath`,
  Succeed: common,
  Fail: 'Type Comment Error ErrorPath Cause CausePath QueryLanguage',
};
const retrierFields =
  'ErrorEquals IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds JitterStrategy Comment';
const catcherFields = 'ErrorEquals Next ResultPath Comment';
const machineFields = 'StartAt States Comment QueryLanguage';
const waits = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'];

export interface Surroundings {
  /** Says what is wrong with a task's resource or parameters, if anything. */
  task: (resource: string, parameters: unknown) => string | undefined;
  /** Whether there is an S3 for ItemReader and ResultWriter. */
  hasObjects: boolean;
}
type Fields = Record<string, unknown>;

/** @throws InvalidDefinition naming every state and field that is refused */
export function checkDefinition(definition: unknown, around: Surroundings): Machine {
  const check = new LoadCheck(around);
  check.machine(definition, '', `${machineFields} TimeoutSeconds Version`);
  const found = check.found.length > 0 ? check.found : structure(definition);
  if (found.length > 0) {
    throw new ServiceException(
      'InvalidDefinition',
      `Invalid State Machine Definition: ${found.join('; ')}`,
    );
  }
  return definition as Machine;
}

/** By definition: resets and deployments ask again. */
const known = new Map<string, string[]>();

function structure(definition: unknown): string[] {
  const text = JSON.stringify(definition);
  const found = known.get(text) ?? schemaErrors(definition);
  known.set(text, found);
  return found;
}

class LoadCheck {
  readonly found: string[] = [];
  readonly #around: Surroundings;
  readonly #labels = new Set<string>();
  #isInsideDistributed = false;
  readonly #byType: Readonly<Record<string, (state: Fields, where: string) => void>> = {
    Task: (state, where) => this.#task(state, where),
    Wait: (state, where) => this.#wait(state, where),
    Parallel: (state, where) =>
      each(state.Branches, (branch, i) => this.machine(branch, `${where}/${i}`, machineFields)),
    Map: (state, where) => this.#map(state, where),
  };

  constructor(around: Surroundings) {
    this.#around = around;
  }

  machine(value: unknown, where: string, allowed: string): void {
    if (!isRecord(value) || !isRecord(value.States)) {
      this.found.push(`${where || 'the machine'} has no States`);
      return;
    }
    this.#only(value, allowed, where || 'the machine');
    for (const [name, state] of Object.entries(value.States)) {
      this.#state(state, where === '' ? name : `${where}/${name}`);
    }
  }

  #state(state: unknown, where: string): void {
    const type = isRecord(state) ? String(state.Type) : 'nothing';
    const allowed = fields[type];
    if (!isRecord(state) || allowed === undefined) {
      this.found.push(`${where} has the Type ${type}`);
      return;
    }
    const isDistributed = modeOf(state) === 'DISTRIBUTED';
    this.#only(state, isDistributed ? `${allowed} ${distributedFields}` : allowed, where);
    each(state.Retry, (retrier) => this.#only(retrier, retrierFields, `Retry of ${where}`));
    each(state.Catch, (catcher) => this.#only(catcher, catcherFields, `Catch of ${where}`));
    for (const template of [
      state.Parameters,
      state.ResultSelector,
      state.ItemSelector,
      ...templatesOf(state),
    ]) {
      this.#intrinsics(template, where);
    }
    this.#byType[type]?.(state, where);
  }

  #task(state: Fields, where: string): void {
    if (state.TimeoutSeconds === undefined && state.TimeoutSecondsPath === undefined) {
      // AWS would wait 99999999 seconds, more than three years.
      this.found.push(`${where} is a Task without TimeoutSeconds`);
    }
    const wrong = this.#around.task(String(state.Resource), state.Parameters);
    if (wrong !== undefined) {
      this.found.push(`${where} ${wrong}`);
    }
  }

  #map(state: Fields, where: string): void {
    const processor = state.ItemProcessor ?? state.Iterator;
    const mode = modeOf(state);
    const allowed = `${machineFields} ProcessorConfig`;
    if (mode === 'INLINE') {
      this.machine(processor, where, allowed);
    } else if (mode !== 'DISTRIBUTED') {
      this.found.push(`${where} is a Map with ProcessorConfig.Mode ${mode}`);
    } else if (this.#isInsideDistributed) {
      this.found.push(`${where} is a distributed Map inside a distributed Map`);
    } else {
      const wrong = checkDistributedMap(state, this.#around.hasObjects);
      this.found.push(...wrong.map((one) => `${where} ${one}`));
      this.#label(state, where);
      this.#isInsideDistributed = true;
      this.machine(processor, where, allowed);
      this.#isInsideDistributed = false;
    }
  }

  #label({ Label }: Fields, where: string): void {
    if (typeof Label === 'string') {
      if (this.#labels.has(Label)) {
        this.found.push(`${where} has the Label ${Label} of another Map`);
      }
      this.#labels.add(Label);
    }
  }

  #wait(state: Fields, where: string): void {
    if (waits.filter((way) => state[way] !== undefined).length !== 1) {
      this.found.push(`${where} is a Wait without exactly one of ${waits.join(', ')}`);
    }
  }

  #only(value: unknown, allowed: string, where: string): void {
    if (!isRecord(value)) {
      return;
    }
    for (const field of Object.keys(value)) {
      if (!allowed.split(' ').includes(field)) {
        this.found.push(`${where} has ${field}`);
      }
    }
    if (value.QueryLanguage !== undefined && value.QueryLanguage !== 'JSONPath') {
      this.found.push(`${where} has the QueryLanguage ${String(value.QueryLanguage)}`);
    }
  }

  #intrinsics(template: unknown, where: string): void {
    if (Array.isArray(template)) {
      for (const inner of template) {
        this.#intrinsics(inner, where);
      }
    } else if (isRecord(template)) {
      for (const [key, value] of Object.entries(template)) {
        if (key.endsWith('.$') && typeof value === 'string' && !value.startsWith('$')) {
          const outsideText = value.replace(/'(?:\\.|[^'\\])*'/g, "''");
          for (const [name] of outsideText.matchAll(/[\w.]+(?=\()/g)) {
            if (!functionNames.has(name)) {
              this.found.push(`${where} calls ${name}`);
            }
          }
        }
        this.#intrinsics(value, where);
      }
    }
  }
}

function modeOf({ ItemProcessor, Iterator: older }: Fields): string {
  const processor = ItemProcessor ?? older;
  const config = isRecord(processor) ? processor.ProcessorConfig : undefined;
  return isRecord(config) ? String(config.Mode ?? 'INLINE') : 'INLINE';
}

function each(list: unknown, work: (value: unknown, index: number) => void): void {
  if (Array.isArray(list)) {
    list.forEach(work);
  }
}

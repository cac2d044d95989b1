/**
 * A function that an event, a schedule or a caller invokes, with faults: Lambda runs it again when it failed, three
 * times in all ("Retries for asynchronous invocations"), what was refused for good is repaired then, and the event
 * comes once more, because EventBridge delivers at least once.
 */
import { expect } from '@jest/globals';
import { FunctionDiedError } from '../../in-process/faults.ts';
import type { FaultyCalls, Invocation } from './faulty-calls.ts';
import type { Scenario } from './schedules.ts';

export interface FunctionWorld {
  /** One run of the function. */
  invoke(at: Invocation): Promise<unknown>;
  /** Before it runs again: time goes by. */
  between?(): void;
  /** What must be as after an undisturbed run. */
  outcome(): unknown;
  /** Effects that may happen once; a second one of the same name is bad. */
  once?(): readonly string[];
  /** Events, whose ids say what is the same: told twice, they say the same. */
  said?(): readonly unknown[];
  /** Whatever left the function by a door; answers and errors are added. */
  told(): unknown;
}

export interface FunctionCase {
  readonly name: string;
  start(): FunctionWorld | Promise<FunctionWorld>;
  /** Planted in what passes through; in nothing that was told. */
  readonly canaries?: readonly string[];
  /** Of a schedule: it runs this often, whatever came of it. */
  readonly runs?: number;
}

const deliveriesOfLambda = 3;

export function functionScenario(of: FunctionCase): Scenario {
  let undisturbed: string | undefined;
  return {
    name: of.name,
    run: async (calls: FaultyCalls) => {
      const world = await of.start();
      const told: unknown[] = [];
      let isDone = false;
      const deliver = async (): Promise<void> => {
        try {
          told.push(await calls.invocation(of.name, (at) => world.invoke(at)));
          isDone = true;
        } catch (error) {
          told.push(error);
          typed(error);
        }
        world.between?.();
      };
      const most = of.runs ?? deliveriesOfLambda;
      for (let run = 1; run <= most && (of.runs !== undefined || !isDone); run++) await deliver();
      calls.over();
      // Out of the dead letters, or the next of its schedule; and once more, for nothing.
      isDone = false;
      for (let run = 1; run <= (of.runs === undefined ? 2 : 6); run++) await deliver();
      if (!isDone) throw told.at(-1);

      const outcome = JSON.stringify(await world.outcome());
      undisturbed ??= outcome;
      expect(JSON.parse(outcome)).toEqual(JSON.parse(undisturbed));
      const once = world.once?.() ?? [];
      expect(once).toEqual([...new Set(once)]);
      sameIdSameWords(world.said?.() ?? []);
      const words = wordsOf([told, await world.told()]);
      for (const canary of of.canaries ?? []) expect(words.includes(canary)).toBe(false);
    },
  };
}

/** But for when it was told, and what was found of a login at that moment. */
function sameIdSameWords(events: readonly unknown[]): void {
  const said = new Map<string, string>();
  for (const event of events) {
    const {
      id = '',
      at: _,
      login: __,
      ...rest
    } = event as { id?: string; at?: string; login?: string };
    const words = JSON.stringify(rest);
    expect(said.get(id) ?? words).toBe(words);
    said.set(id, words);
  }
}

/** Lambda counts it (Errors) and an alarm sees it; its words are our own. */
function typed(error: unknown): void {
  if (error instanceof FunctionDiedError) return;
  const { code = String(error) } = error as { code?: string };
  expect(code).toMatch(/^ERR_(ROTATION|QUARTERTURN)_[A-Z_]+$/);
}

/** Errors with everything that hangs on them. */
export const wordsOf = (given: unknown): string =>
  JSON.stringify(given, (_key, value) =>
    value instanceof Error
      ? { ...value, message: value.message, stack: value.stack, cause: value.cause }
      : value instanceof Map || value instanceof Set
        ? [...value]
        : value,
  );

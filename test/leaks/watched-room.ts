/**
 * One secret and its rotation function in this process, with everything that leaves it kept: what is thrown, answered,
 * logged, announced, recorded and asked of AWS. Whatever the strategy ever read or made is looked for in it, stored or
 * not.
 */
import { inspect } from 'node:util';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { PendingValue, SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { RotationWorld, type WorldOptions } from '../in-process/rotation-world.ts';
import { searchFor } from '../integration/forms.ts';
import { logged } from './logged.ts';
import type { InProcessSink } from './sink-table.ts';

export type World = RotationWorld<unknown>;
export type WatchedSinks = Record<InProcessSink, string>;
export type Found = Partial<Record<InProcessSink, string[]>>;

type Options = Omit<WorldOptions<unknown>, 'room' | 'control'> & {
  room(
    wiring: Parameters<WorldOptions<unknown>['room']>[0],
  ): ReturnType<WorldOptions<unknown>['room']>;
};

export class WatchedRoom {
  readonly world: World;
  /** What must be nowhere, by where it is from. */
  readonly secrets: Record<string, string> = {};
  readonly #calls: string[];
  readonly #requests: string[] = [];

  private constructor(world: World, calls: string[]) {
    this.world = world;
    this.#calls = calls;
    watch(world.secrets, this.#requests, (name, text) => this.keep(name, text));
  }

  static async start(options: Options): Promise<WatchedRoom> {
    const calls: string[] = [];
    const values = new Set<string>();
    const world = await RotationWorld.start<unknown>({
      ...options,
      control: recorded(inMemoryControlTable(), calls),
      room: (wiring) => {
        const room = options.room(wiring);
        return { ...room, strategy: watched(room.strategy, values) };
      },
    });
    const room = new WatchedRoom(world, calls);
    room.#values = values;
    for (const [name, text] of Object.entries(options.companions ?? {})) room.keep(name, text);
    if (options.initial !== undefined) room.keep('initial', options.initial);
    return room;
  }
  #values = new Set<string>();

  /** A value that is looked for from now on. */
  keep(name: string, secretString: string): void {
    if (!secretString.includes('"uninitialised"')) this.secrets[name] = secretString;
  }

  /** What went out since the start. */
  sinks(): WatchedSinks {
    const { world } = this;
    const thrown = world.answers.filter((answer) => answer instanceof Error);
    return {
      errors: thrown.map(shown).join('\n'),
      answers: JSON.stringify(world.answers.filter((answer) => !(answer instanceof Error))),
      console: logged(world.log),
      'service events': JSON.stringify(world.events),
      'control table, written': this.#calls.join('\n'),
      'requests to Secrets Manager': this.#requests.join('\n'),
    };
  }

  /** Sink → what of which value is in it, and in which form. Empty: nothing is. */
  leaks(): Found {
    for (const [index, value] of [...this.#values].entries()) this.keep(`value ${index}`, value);
    const search = searchFor(this.secrets);
    const found: Found = {};
    for (const [name, text] of Object.entries(this.sinks())) {
      const hits = search.in(text, 20);
      if (hits.length > 0) {
        found[name as InProcessSink] = [...new Set(hits.map(({ of, form }) => `${of}: ${form}`))];
      }
    }
    return found;
  }

  /** How many values are looked for. */
  get canaries(): number {
    return new Set([...Object.values(this.secrets), ...this.#values]).size;
  }

  /** Begins to keep anew: what stood in the sinks has been looked through. */
  forget(): void {
    this.world.answers.length = 0;
    this.world.log.length = 0;
    this.world.events.length = 0;
    this.#calls.length = 0;
    this.#requests.length = 0;
  }
}

/** As whoever debugs prints it: message, stack, own and hidden members, and the causes behind it. */
export function shown(error: unknown): string {
  const { message = '', stack = '', cause } = error as Error;
  const causes = cause === undefined ? '' : shown(cause);
  return [message, stack, inspect(error, { depth: 10, showHidden: true }), causes].join('\n');
}

/** The strategy, as it is; whatever text it reads or makes is a value. */
function watched(
  strategy: RotationStrategy<unknown>,
  values: Set<string>,
): RotationStrategy<unknown> {
  return new Proxy(strategy, {
    get(target, name) {
      const method = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        if (name === 'parse' && typeof args[0] === 'string') values.add(args[0]);
        const answer = method.apply(target, args);
        if (name === 'serialize' && typeof answer === 'string') values.add(answer);
        return answer;
      };
    },
  });
}

/** Every call of the door, with what it was given and what it wrote. */
function recorded(door: ControlTableDoor, calls: string[]): ControlTableDoor {
  return new Proxy(door, {
    get(target, name, receiver) {
      const method = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        const answer = await method.apply(target, args);
        calls.push(JSON.stringify([name, args, answer]));
        return answer;
      };
    },
  });
}

/** Of a request that stores a value, everything but the value, and but the proof of who stores it. */
function watch(
  door: SecretsManagerDoor,
  requests: string[],
  keep: (name: string, text: string) => void,
): void {
  const methods = door as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const [name, method] of Object.entries(methods)) {
    methods[name] = (...args) => {
      const { secretString, rotationToken, ...rest } = (args[0] ?? {}) as Partial<PendingValue>;
      // "sensitive": whoever has it stores values in this function's name.
      if (rotationToken !== undefined) keep(`rotation token ${rotationToken}`, rotationToken);
      const told = secretString === undefined ? args : [rest];
      requests.push(JSON.stringify([name, told]));
      return method.apply(door, args);
    };
  }
}

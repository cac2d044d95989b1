/** What may be done to a secret, as data: fast-check draws and shrinks it, a failure prints it, a regression keeps it. */
import fc from 'fast-check';
import type { Fault } from './in-process-account.ts';
import { CURRENT, PENDING, PREVIOUS, type Request, tokenOf } from './requests.ts';
import type { Behaviour } from './rotating-function.ts';
import { held, type Secret, type Step, steps } from './secret-state.ts';

export type Command =
  /** Ids are small numbers (`tokenOf`). */
  | { do: 'ask'; request: Request; fault?: Fault }
  /** A label moves; whoever asks knows where it is, or thinks so, or does not say. */
  | { do: 'move'; label: string; to?: number; from: 'right' | 'unsaid' | number; fault?: Fault }
  /** AWSCURRENT back to AWSPREVIOUS. */
  | { do: 'rollback' }
  /** Cancel, take AWSPENDING away, rotate. */
  | { do: 'emergency'; token: number }
  /** A step of the function, called by nobody knows whom. */
  | { do: 'step'; step: Step; token: number }
  /** From here on the function does this when the service calls it. */
  | { do: 'function'; does: Behaviour }
  | { do: 'wait'; minutes: number };

const number = fc.integer({ min: 1, max: 7 });
const token = number.map(tokenOf);
const label = fc.oneof(
  { weight: 3, arbitrary: fc.constant(CURRENT) },
  { weight: 3, arbitrary: fc.constant(PENDING) },
  { weight: 1, arbitrary: fc.constant(PREVIOUS) },
  { weight: 1, arbitrary: fc.constantFrom('blue', 'green') },
);
const value = fc.constantFrom('a', 'b');
const many = Array.from({ length: 17 }, (_, index) => `label-${index}`);
const fault = fc.option(fc.constantFrom<Fault>('never', 'lost', 'twice'), {
  freq: 7,
  nil: undefined,
});

const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 6, arbitrary: record('put', { token, value }) },
  {
    weight: 6,
    arbitrary: record('put', {
      token,
      value,
      stages: fc.oneof(
        { weight: 8, arbitrary: fc.uniqueArray(label, { minLength: 1, maxLength: 3 }) },
        { weight: 1, arbitrary: fc.constant(many) },
      ),
    }),
  },
  { weight: 7, arbitrary: record('rotate', { token, lambda: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: record('rotate', {
      token,
      lambda: fc.constant(true),
      immediately: fc.boolean(),
      days: fc.constantFrom(undefined, 1000),
    }),
  },
  { weight: 2, arbitrary: record('cancel', {}) },
  { weight: 2, arbitrary: record('update', { token, value }) },
  { weight: 1, arbitrary: record('update', { token, value, description: value }) },
  { weight: 1, arbitrary: record('update', { token, description: value }) },
  {
    weight: 1,
    arbitrary: record('create', { token, value: fc.option(value, { nil: undefined }) }),
  },
  { weight: 1, arbitrary: record('delete', { force: fc.boolean() }) },
  { weight: 1, arbitrary: record('delete', {}) },
  { weight: 3, arbitrary: record('restore', {}) },
  { weight: 1, arbitrary: record('tag', { key: value, value }) },
  { weight: 1, arbitrary: record('untag', { key: value }) },
  { weight: 1, arbitrary: record('describe', {}) },
  { weight: 1, arbitrary: record('list', { deprecated: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: record('get', { id: token, stage: fc.option(label, { nil: undefined }) }),
  },
  { weight: 2, arbitrary: record('get', { stage: fc.option(label, { nil: undefined }) }) },
);

function record<Op extends Request['op']>(
  op: Op,
  members: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<Request> {
  return fc.record({ op: fc.constant(op), ...members }) as unknown as fc.Arbitrary<Request>;
}

/** Those that need nothing but the API: any endpoint takes them. */
export const apiCommands: readonly fc.WeightedArbitrary<Command>[] = [
  { weight: 12, arbitrary: fc.record({ do: fc.constant('ask'), request, fault }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('move'),
      label,
      to: fc.option(number, { nil: undefined, freq: 3 }),
      from: fc.oneof(
        { weight: 6, arbitrary: fc.constant('right' as const) },
        { weight: 2, arbitrary: fc.constant('unsaid' as const) },
        { weight: 2, arbitrary: number },
      ),
      fault,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'rollback' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('emergency'), token: number }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('step'),
      step: fc.constantFrom(...steps),
      token: number,
    }),
  },
] as readonly fc.WeightedArbitrary<Command>[];

const does: fc.Arbitrary<Behaviour> = fc.oneof(
  fc.constantFrom<Behaviour>('nothing', 'template'),
  fc.record({
    fails: fc.constantFrom(...steps),
    when: fc.constantFrom<'before' | 'after'>('before', 'after'),
  }),
);

export const allCommands: readonly fc.WeightedArbitrary<Command>[] = [
  ...apiCommands,
  { weight: 2, arbitrary: fc.record({ do: fc.constant('function'), does }) },
  {
    weight: 2,
    // Beside a retry of the service, beyond a day (deprecated versions), beyond a recovery window.
    arbitrary: fc.record({
      do: fc.constant('wait'),
      minutes: fc.constantFrom(1, 7, 200, 25 * 60, 8 * 24 * 60),
    }),
  },
] as readonly fc.WeightedArbitrary<Command>[];

/** The requests a command consists of, as whoever gives it sees the secret. */
export function requestsOf(command: Command, s: Secret): Request[] {
  const current = held(s, CURRENT);
  if (command.do === 'ask') {
    return [command.request];
  }
  if (command.do === 'move') {
    const { label: moved, to, from } = command;
    const said = from === 'right' ? held(s, moved) : from === 'unsaid' ? undefined : tokenOf(from);
    return to === undefined && said === undefined
      ? []
      : [stage(moved, to === undefined ? undefined : tokenOf(to), said)];
  }
  if (command.do === 'rollback') {
    const previous = held(s, PREVIOUS);
    return previous === undefined ? [] : [stage(CURRENT, previous, current)];
  }
  if (command.do === 'emergency') {
    const pending = held(s, PENDING);
    return [
      { op: 'cancel' },
      ...(pending === undefined ? [] : [stage(PENDING, undefined, pending)]),
      { op: 'rotate', token: tokenOf(command.token) },
    ];
  }
  return [];
}

const stage = (label: string, to: string | undefined, from: string | undefined): Request => ({
  op: 'stage',
  label,
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
});

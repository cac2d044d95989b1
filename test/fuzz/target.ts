/**
 * A parser under attack: what it is given, and what may come of it. An answer, or an error of its own with a code of
 * its own; within a second; and nothing of the input in the error, because errors are logged where values are not.
 */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { isFull } from '../assurance/figures.ts';

export interface Target<Input = unknown> {
  /** `<folder>/<file>: <function>`, or the room whose door it is. */
  name: string;
  /** @param canary a text of this target alone, for the input */
  inputs(canary: string): fc.Arbitrary<Input>;
  /** Returns or throws; what was returned is handed to `holds`. */
  run(input: Input): unknown;
  /** What must be true of an answer, e.g. that it is written and read again as the same. Throws if it is not. */
  holds?(answer: unknown, input: Input): void | Promise<void>;
  /** An input that must be accepted: a parser that refuses everything would pass otherwise. Absent: it has no opinion. */
  accepts?: Input;
  /** An input that must be refused, in the way the parser refuses. Absent: it answers whatever comes. */
  refuses?: Input;
  /** An error without a code that is documented all the same: of a schema, or of a library. */
  isOwn?(error: unknown): boolean;
  /** Why an error may repeat what it was given: only for what a person typed and no secret belongs in. */
  mayRepeat?: string;
}

export interface Attacked {
  inputs: number;
  accepted: number;
  uncaught: number;
  echoed: number;
}

export const seed = Number(process.env.SEED ?? 20_261_123);
/** Nightly: FUZZ_SECONDS=600 of each target. */
const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
const runs = isFull ? 150 : 12;

/** Of the processor's time: what else the machine does meanwhile is no finding. */
export function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** No input of 64 kB may keep a function for longer (reliability plan, 2d). */
const mostMilliseconds = 1_000;

export const canaryOf = (name: string): string =>
  createHash('sha256').update(`fuzz ${name}`).digest('hex').slice(0, 32);

/** @throws what fast-check tells of the smallest input that breaks a promise, with seed and path to replay it */
export async function attack<Input>(target: Target<Input>): Promise<Attacked> {
  // Jest maps every frame of a stack to its source, seconds at first; here stacks are searched, not read.
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = undefined as never;
  try {
    return await attacked(target);
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

async function attacked<Input>(target: Target<Input>): Promise<Attacked> {
  const canary = canaryOf(target.name);
  const figures: Attacked = { inputs: 0, accepted: 0, uncaught: 0, echoed: 0 };
  const property = fc.asyncProperty(target.inputs(canary), async (input) => {
    figures.inputs += 1;
    await once(target, input, canary, figures);
  });
  const result = await fc.check(property, {
    seed,
    numRuns: seconds > 0 ? Number.MAX_SAFE_INTEGER : runs,
    ...(seconds > 0 && { interruptAfterTimeLimit: seconds * 1_000, markInterruptAsFailure: false }),
    ...(process.env.REPLAY !== undefined && { path: process.env.REPLAY }),
  });
  if (result.failed) {
    throw new Error(
      `${target.name}: ${String((result.errorInstance as Error | null)?.message ?? result.errorInstance)}\nSEED=${seed} REPLAY=${result.counterexamplePath ?? ''}, smallest input: ${shown(result.counterexample?.[0])}`,
      { cause: result.errorInstance },
    );
  }
  return figures;
}

async function once<Input>(
  target: Target<Input>,
  input: Input,
  canary: string,
  figures: Attacked,
): Promise<void> {
  let took = Number.POSITIVE_INFINITY;
  // A machine that does something else for a moment is no finding: the shortest of three counts.
  for (let attempt = 0; attempt < 3 && took > mostMilliseconds; attempt++) {
    const begun = processorMilliseconds();
    const { answer, error, threw } = await settled(() => target.run(input));
    took = processorMilliseconds() - begun;
    if (threw) {
      judge(error, target, canary, figures);
    } else {
      figures.accepted += attempt === 0 ? 1 : 0;
      await target.holds?.(answer, input);
    }
  }
  if (took > mostMilliseconds) throw new Error(`took ${Math.round(took)} ms`);
}

function judge(
  error: unknown,
  target: Pick<Target, 'mayRepeat' | 'isOwn'>,
  canary: string,
  figures: Attacked,
): void {
  if (!isTyped(error) && target.isOwn?.(error) !== true) {
    figures.uncaught += 1;
    throw new Error(`an error without a code of its own: ${inspect(error)}`);
  }
  if (target.mayRepeat === undefined && tells(error, canary)) {
    figures.echoed += 1;
    throw new Error(`the error tells of its input: ${inspect(error)}`);
  }
}

/** Every error of this project has a code of its own; UNEXPECTED is what hides one that has none. */
export function isTyped(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return (
    error instanceof Error && typeof code === 'string' && /^ERR_ROTATION_(?!UNEXPECTED$)/.test(code)
  );
}

/** Raw, in a piece of it, in base64 and in hex; in message, stack, cause and every field. */
export function tells(error: unknown, canary: string): boolean {
  const told = inspect(error, {
    depth: 10,
    maxStringLength: null,
    maxArrayLength: null,
    showHidden: true,
  });
  const bytes = Buffer.from(canary);
  return [
    canary,
    canary.slice(4, 20),
    ...[0, 1, 2].map((skip) => bytes.subarray(skip).toString('base64').slice(0, 20)),
    bytes.toString('hex'),
  ].some((form) => told.includes(form));
}

export async function settled(
  work: () => unknown,
): Promise<{ answer?: unknown; error?: unknown; threw: boolean }> {
  try {
    return { answer: await work(), threw: false };
  } catch (error) {
    return { error, threw: true };
  }
}

/** An input may be made so that nobody can print it. */
function shown(input: unknown): string {
  try {
    return inspect(input, { depth: 8, maxStringLength: 600 });
  } catch {
    return 'one that cannot be printed';
  }
}

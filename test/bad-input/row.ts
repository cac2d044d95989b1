/**
 * One row of the corpus of bad input: what is put in, through which door, and what must come out of it.
 * Every row is held to the same promises: a typed error that says what was found, what is expected and
 * what to do, tells nothing of the input, comes within a second and before anything was changed.
 */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { expect } from '@jest/globals';

export interface Attempt {
  work(): Promise<unknown>;
  /** Calls that changed something, as `<door>.<method>`. */
  writes(): readonly string[];
  /** Labels, values and what the target holds. */
  state(): unknown | Promise<unknown>;
  /** What left the function besides its error: log lines, records, statements. */
  told(): unknown | Promise<unknown>;
}

export interface Row {
  /** Its number in the corpus, 1 to 66. */
  item: number;
  title: string;
  /** The error's code; absent in a row that must be accepted. */
  code?: `ERR_ROTATION_${string}`;
  /** Its message says what was found and no more: of one value in millions, what to do stands where it is met. */
  terse?: true;
  /** What an accepted row answers. */
  answer?: unknown;
  /**
   * Writes that are part of a refusal: createSecret notes what the rotation was to be, and takes its own
   * valueless AWSPENDING away, because every later RotateSecret would be refused while it stands.
   */
  bookkeeping?: readonly string[];
  /** @param canary a text of this row alone, for the input */
  attempt(canary: string): Attempt | Promise<Attempt>;
}

const remedy =
  /\b(expected|expects|must|needs?|check|correct|store|restore|remove|start|rotate|deploy|update|adopt|keep|enable|prune|roll|go back|wait|revoke|raise|run)\b/i;

/** 32 characters, different in every row; passes for a generated password and for unpadded base64. */
export function canaryOf({ item, title }: Pick<Row, 'item' | 'title'>): string {
  return createHash('sha256').update(`${item} ${title}`).digest('hex').slice(0, 32);
}

export async function expectPromises(row: Row): Promise<void> {
  const canary = canaryOf(row);
  const attempt = await row.attempt(canary);
  const before = inspect(await attempt.state(), everything);
  const outcome = await settled(attempt.work);

  expect(attempt.writes().filter((write) => !row.bookkeeping?.includes(write))).toEqual([]);
  expect(inspect(await attempt.state(), everything)).toBe(before);
  expectNoTrace(canary, [outcome.error, await attempt.told()]);
  if (row.code === undefined) {
    expect(outcome.error).toBeUndefined();
    expect(outcome.answer).toEqual(row.answer);
    return;
  }
  expect(outcome.error).toMatchObject({ code: row.code });
  const message = String((outcome.error as Error).message);
  expect(message.length).toBeGreaterThan(40);
  if (!row.terse) expect(message).toMatch(remedy);
  expect(message).not.toContain('\n');
}

const everything = { depth: 10, maxStringLength: null, maxArrayLength: null } as const;

export async function settled(
  work: () => Promise<unknown>,
): Promise<{ answer?: unknown; error?: unknown }> {
  try {
    return { answer: await work() };
  } catch (error) {
    return { error };
  }
}

/** Raw, base64, base64url, hex and URL-encoded; of each also a piece of 12 characters. */
export function expectNoTrace(canary: string, told: unknown): void {
  const text = inspect(told, { ...everything, showHidden: true });
  const bytes = Buffer.from(canary);
  const forms = [
    canary,
    canary.slice(4, 16),
    // Base64 depends on what stands before: all three phases.
    ...[0, 1, 2].map((skip) => bytes.subarray(skip).toString('base64').slice(0, 36)),
    bytes.toString('hex'),
    JSON.stringify(canary).slice(1, -1),
    [...canary].reverse().join(''),
  ];
  for (const form of forms) {
    expect(text).not.toContain(form);
  }
}

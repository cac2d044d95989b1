import type { Chapter } from './chapter.ts';
import { emergency } from './emergency.ts';
import { encryption } from './encryption.ts';
import { failure } from './failure.ts';
import { firstValues } from './first-values.ts';
import { jwt } from './jwt.ts';
import { multiUser } from './multi-user.ts';
import { reencryption, usualRows } from './reencryption.ts';
import { rollback } from './rollback.ts';
import { schedule } from './schedule.ts';
import { singleUser } from './single-user.ts';

/** In the order they are shown; the clock only goes forward. */
const chaptersOf = (rows: number): readonly [Chapter, ...Chapter[]] => [
  firstValues,
  jwt,
  encryption,
  multiUser,
  singleUser,
  schedule,
  failure,
  rollback,
  reencryption(rows),
  emergency,
];

export const chapterIds: readonly string[] = chaptersOf(usualRows).map(({ id }) => id);

export class UnknownChapterError extends Error {
  override readonly name = 'UnknownChapterError';
  readonly code = 'ERR_ROTATION_UNKNOWN_CHAPTER';
  constructor(found: string) {
    super(`There is no chapter "${found}"; expected one of ${chapterIds.join(', ')}.`);
  }
}

/**
 * All chapters, or the first values and the one asked for.
 * @param rows that move to a new key in the chapter on re-encryption
 * @throws UnknownChapterError
 */
export function programme(
  chapterId?: string,
  rows: number = usualRows,
): readonly [Chapter, ...Chapter[]] {
  const chapters = chaptersOf(rows);
  if (chapterId === undefined) {
    return chapters;
  }
  const chosen = chapters.find(({ id }) => id === chapterId);
  if (chosen === undefined) {
    throw new UnknownChapterError(chapterId);
  }
  return chosen === firstValues ? [firstValues] : [firstValues, chosen];
}

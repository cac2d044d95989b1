/** How far something is, in the words of a terminal of 80 columns. */
export interface Progress {
  done: number;
  total: number;
  /** Of the progress as seen so far; absent: too early to say. */
  perSecond?: number;
  /** What is counted, e.g. `values`. */
  unit: string;
}

const width = 20;

/** `█████░░░░░  25 %  75,000 of 300,000 values, 61,000/s, 4 s left` */
export function progressBar(progress: Progress): string {
  const filled = Math.round(shareOf(progress) * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${progressInWords(progress)}`;
}

export function progressInWords(progress: Progress): string {
  const { done, total, perSecond, unit } = progress;
  const percent = `${Math.floor(shareOf(progress) * 100)} %`.padStart(5);
  const speed =
    perSecond === undefined || perSecond <= 0
      ? ''
      : `, ${grouped(perSecond)}/s, ${Math.ceil(Math.max(0, total - done) / perSecond)} s left`;
  return `${percent} of ${grouped(total)} ${unit}${speed}`;
}

/** Never 1 before everything is done. */
export function shareOf({ done, total }: Pick<Progress, 'done' | 'total'>): number {
  return total <= 0 ? 1 : Math.min(1, Math.max(0, done / total));
}

export const grouped = (count: number): string => Math.round(count).toLocaleString('en-GB');

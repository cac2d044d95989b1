/** What is asked of Secrets Manager and what it answers, as plain data: a sequence can be printed, compared and replayed. */

export type Request =
  | { op: 'create'; token: string; value?: string }
  | { op: 'rotate'; token: string; immediately?: boolean; lambda?: boolean; days?: number }
  | { op: 'put'; token: string; value: string; stages?: readonly string[] }
  | { op: 'stage'; label: string; from?: string; to?: string }
  | { op: 'cancel' }
  | { op: 'update'; token: string; value?: string; description?: string }
  | { op: 'delete'; force?: boolean }
  | { op: 'restore' }
  | { op: 'tag'; key: string; value: string }
  | { op: 'untag'; key: string }
  | { op: 'describe' }
  | { op: 'list'; deprecated: boolean }
  | { op: 'get'; id?: string; stage?: string };

export type Operation = Request['op'];
export type RequestOf<Op extends Operation> = Extract<Request, { op: Op }>;

/** The name of the error, or what is comparable of the output. */
export type Answer = { error: string } | { ok: unknown };

export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
export const PREVIOUS = 'AWSPREVIOUS';

/** A version id in the shape of a UUID, from a small number: sequences meet the same ids again. */
export const tokenOf = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** The same text for the same data, whatever the order of its members. */
export function canonical(data: unknown): string {
  if (typeof data !== 'object' || data === null) {
    return JSON.stringify(data) ?? 'undefined';
  }
  if (Array.isArray(data)) {
    return `[${data.map(canonical)}]`;
  }
  const members = Object.entries(data).filter(([, value]) => value !== undefined);
  const texts = members.map(([key, value]) => `"${key}":${canonical(value)}`);
  return `{${texts.sort().join()}}`;
}

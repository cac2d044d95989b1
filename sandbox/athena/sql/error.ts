/** What is wrong with a query, as Trino says it: `TYPE_MISMATCH: line 1:8: …`. */
import { ServiceException } from '../../service.ts';

export interface Place {
  line: number;
  column: number;
}

export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: string;

  constructor(code: string, message: string, at?: Place) {
    super(`${code}: ${at === undefined ? '' : `line ${at.line}:${at.column}: `}${message}`);
    this.code = code;
  }
}

/** Trino may know it; the sandbox does not. */
export function notSimulated(what: string, at?: Place): ServiceException {
  const where = at === undefined ? '' : ` at line ${at.line}:${at.column}`;
  return new ServiceException(
    'NotSimulatedException',
    `The sandbox's Athena does not know ${what}${where}. docs/sandbox.md says which part of Trino's SQL it reads.`,
    501,
  );
}

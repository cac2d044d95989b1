/** A declared column whose values the engine rewrites. */
import type { DeclaredColumn } from '../../doors/declared-columns.ts';

export type ReencryptedColumn = DeclaredColumn;

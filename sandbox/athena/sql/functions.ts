/**
 * The functions of Trino that are known here: what they take, what they give, and how SQLite says it.
 * @see https://trino.io/docs/current/functions.html
 */

export type Type = 'varchar' | 'bigint' | 'boolean' | 'unknown';

export interface Typed {
  sql: string;
  type: Type;
}

export interface KnownFunction {
  /** Types of its parameters; `any` takes each, `same` the type of the first that is known. */
  takes: readonly (Type | 'any' | 'same')[];
  /** How many of the last ones may be left out. */
  optional?: number;
  /** The last may be repeated. */
  repeated?: true;
  gives: Type | ((types: readonly Type[]) => Type);
  sql(parameters: readonly string[]): string;
  isAggregate?: true;
}

const called = (name: string) => (parameters: readonly string[]) =>
  `${name}(${parameters.join(', ')})`;
const first = (types: readonly Type[]): Type =>
  types.find((type) => type !== 'unknown') ?? 'unknown';
const text = (name: string, count: number, of = name): [string, KnownFunction] => [
  name,
  { takes: Array(count).fill('varchar'), gives: 'varchar', sql: called(of) },
];

export const FUNCTIONS: ReadonlyMap<string, KnownFunction> = new Map<string, KnownFunction>([
  ['count', { takes: ['any'], gives: 'bigint', sql: called('count'), isAggregate: true }],
  [
    'count_if',
    {
      takes: ['boolean'],
      gives: 'bigint',
      sql: ([condition]) => `count(CASE WHEN ${condition} THEN 1 END)`,
      isAggregate: true,
    },
  ],
  ['sum', { takes: ['bigint'], gives: 'bigint', sql: called('sum'), isAggregate: true }],
  ['min', { takes: ['any'], gives: first, sql: called('min'), isAggregate: true }],
  ['max', { takes: ['any'], gives: first, sql: called('max'), isAggregate: true }],
  ['arbitrary', { takes: ['any'], gives: first, sql: called('min'), isAggregate: true }],
  [
    'min_by',
    {
      takes: ['any', 'any'],
      gives: ([type]) => type ?? 'unknown',
      sql: called('min_by'),
      isAggregate: true,
    },
  ],
  [
    'max_by',
    {
      takes: ['any', 'any'],
      gives: ([type]) => type ?? 'unknown',
      sql: called('max_by'),
      isAggregate: true,
    },
  ],
  ['coalesce', { takes: ['any', 'same'], repeated: true, gives: first, sql: called('coalesce') }],
  ['nullif', { takes: ['any', 'same'], gives: first, sql: called('nullif') }],
  [
    'if',
    {
      takes: ['boolean', 'any', 'same'],
      optional: 1,
      gives: (types) => first(types.slice(1)),
      sql: ([condition, yes, no]) => `CASE WHEN ${condition} THEN ${yes} ELSE ${no ?? 'NULL'} END`,
    },
  ],
  text('lower', 1, 'lower_text'),
  text('upper', 1, 'upper_text'),
  text('trim', 1),
  [
    'concat',
    {
      takes: ['varchar', 'varchar'],
      repeated: true,
      gives: 'varchar',
      sql: (parameters) => `(${parameters.join(' || ')})`,
    },
  ],
  ['length', { takes: ['varchar'], gives: 'bigint', sql: called('length') }],
  [
    'substr',
    {
      takes: ['varchar', 'bigint', 'bigint'],
      optional: 1,
      gives: 'varchar',
      sql: called('substr'),
    },
  ],
  text('replace', 3),
  ['strpos', { takes: ['varchar', 'varchar'], gives: 'bigint', sql: called('instr') }],
  ['starts_with', { takes: ['varchar', 'varchar'], gives: 'boolean', sql: called('starts_with') }],
  ['regexp_like', { takes: ['varchar', 'varchar'], gives: 'boolean', sql: called('regexp_like') }],
  [
    'regexp_extract',
    {
      takes: ['varchar', 'varchar', 'bigint'],
      optional: 1,
      gives: 'varchar',
      sql: ([of, pattern, group]) => `regexp_extract(${of}, ${pattern}, ${group ?? 0})`,
    },
  ],
  text('json_extract_scalar', 2),
]);

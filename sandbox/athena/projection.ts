/**
 * Partition projection: which partitions a table has, computed from its properties and from what a query asks.
 * @see https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
 */
import type { SandboxClock } from '../clock.ts';

/** What a query says of a partition column, of which every condition holds. */
export interface Constraint {
  /** Conditions on the value as the partition writes it. */
  holds(value: string): boolean;
  /** Values that a condition of equality names. */
  values?: readonly string[];
}

export type Projection =
  | { kind: 'enum'; values: readonly string[] }
  | { kind: 'injected' }
  | { kind: 'integer'; from: number; to: number; interval: number; digits: number }
  | {
      kind: 'date';
      range: readonly [string, string];
      format: string;
      interval: number;
      unit: Unit;
    };

type Unit = 'YEARS' | 'MONTHS' | 'WEEKS' | 'DAYS' | 'HOURS' | 'MINUTES' | 'SECONDS';

const MILLISECONDS: Readonly<Partial<Record<Unit, number>>> = {
  WEEKS: 7 * 86_400_000,
  DAYS: 86_400_000,
  HOURS: 3_600_000,
  MINUTES: 60_000,
  SECONDS: 1000,
};

/** Athena would read as long as it takes; this is where a test has forgotten its filter. */
const MAXIMUM = 1_000_000;

export class ConstraintViolation extends Error {
  override readonly name = 'CONSTRAINT_VIOLATION';
}

/** @throws TypeError naming the property that is wrong or unknown */
export function projectionOf(
  column: string,
  properties: Readonly<Record<string, string>>,
): Projection {
  const own = new Map(
    Object.entries(properties).flatMap(([name, value]) =>
      name.startsWith(`projection.${column}.`)
        ? [[name.slice(`projection.${column}.`.length), value] as const]
        : [],
    ),
  );
  const kind = own.get('type')?.toLowerCase();
  const known = { enum: ['values'], injected: [], integer: ['range', 'interval', 'digits'] };
  const allowed: Readonly<Record<string, readonly string[]>> = {
    ...known,
    date: ['range', 'format', 'interval', 'interval.unit'],
  };
  const names = kind === undefined ? undefined : allowed[kind];
  if (names === undefined) {
    throw new TypeError(`projection.${column}.type is ${kind ?? 'missing'}`);
  }
  const strange = [...own.keys()].find((name) => name !== 'type' && !names.includes(name));
  if (strange !== undefined) {
    throw new TypeError(`projection.${column}.${strange} is nothing that type ${kind} takes`);
  }
  const text = (name: string): string => {
    const value = own.get(name);
    if (value === undefined || value.trim() === '') {
      throw new TypeError(`projection.${column}.${name} is missing`);
    }
    return value;
  };
  const number = (name: string, otherwise: number) => {
    const value = Number(own.get(name) ?? otherwise);
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`projection.${column}.${name} is ${own.get(name)}`);
    }
    return value;
  };
  const pair = (): [string, string] => {
    const [from = '', to = '', ...more] = text('range')
      .split(',')
      .map((part) => part.trim());
    if (from === '' || to === '' || more.length > 0) {
      throw new TypeError(`projection.${column}.range is not two values with a comma between them`);
    }
    return [from, to];
  };
  switch (kind) {
    case 'enum':
      return {
        kind,
        values: text('values')
          .split(',')
          .map((value) => value.trim()),
      };
    case 'injected':
      return { kind };
    case 'integer': {
      const [from, to] = pair().map(Number);
      if (!Number.isInteger(from) || !Number.isInteger(to)) {
        throw new TypeError(`projection.${column}.range is not two whole numbers`);
      }
      return {
        kind,
        ...{ from: from as number, to: to as number },
        ...{ interval: number('interval', 1), digits: number('digits', 1) },
      };
    }
    default: {
      const format = text('format');
      if (!/^(yyyy|MM|dd|HH|mm|ss|[^A-Za-z])+$/.test(format) || !format.includes('yyyy')) {
        throw new TypeError(`projection.${column}.format ${format} is not simulated`);
      }
      const range = pair();
      for (const end of range) {
        instantOf(end, format, new Date(0), column);
      }
      const unit = (own.get('interval.unit') ?? unitOf(format)).toUpperCase();
      if (!['YEARS', 'MONTHS', ...Object.keys(MILLISECONDS)].includes(unit)) {
        throw new TypeError(`projection.${column}.interval.unit is ${unit}`);
      }
      return { kind: 'date', range, format, interval: number('interval', 1), unit: unit as Unit };
    }
  }
}

/** "The default is 1 DAYS or 1 MONTHS" where the format is that coarse; finer ones have to say it. */
function unitOf(format: string): Unit {
  if (/HH|mm|ss/.test(format)) {
    throw new TypeError(`interval.unit has to be given for a format as fine as ${format}`);
  }
  return format.includes('dd') ? 'DAYS' : format.includes('MM') ? 'MONTHS' : 'YEARS';
}

/**
 * The values of a column that exist and that the query can mean.
 * @throws ConstraintViolation for an injected column without equality
 */
export function projectedValues(
  column: string,
  projection: Projection,
  constraint: Constraint | undefined,
  clock: SandboxClock,
): string[] {
  const wanted = (value: string) => constraint?.holds(value) ?? true;
  switch (projection.kind) {
    case 'enum':
      return projection.values.filter(wanted);
    case 'injected': {
      if (constraint?.values === undefined) {
        throw new ConstraintViolation(
          `For the injected projected partition column ${column}, the WHERE clause must contain only static equality conditions, and at least one such condition must be present.`,
        );
      }
      return [...new Set(constraint.values)].filter(wanted);
    }
    case 'integer': {
      const values: string[] = [];
      for (let at = projection.from; at <= projection.to; at += projection.interval) {
        values.push(String(at).padStart(projection.digits, '0'));
        limit(values.length, column);
      }
      return values.filter(wanted);
    }
    case 'date':
      return dates(column, projection, clock.now()).filter(wanted);
  }
}

function dates(
  column: string,
  { range, format, interval, unit }: Extract<Projection, { kind: 'date' }>,
  now: Date,
): string[] {
  const [from, to] = range.map((end) => instantOf(end, format, now, column));
  const values = new Set<string>();
  for (let at = from as Date; at <= (to as Date); at = moved(at, interval, unit)) {
    values.add(written(at, format));
    limit(values.size, column);
  }
  return [...values];
}

function limit(count: number, column: string): void {
  if (count > MAXIMUM) {
    throw new ConstraintViolation(`Column ${column} projects more than ${MAXIMUM} partitions.`);
  }
}

/** `NOW`, `NOW-3YEARS`, or a value in the column's format. @throws TypeError */
function instantOf(text: string, format: string, now: Date, column: string): Date {
  const [, sign, count, unit] =
    /^NOW(?:\s*([+-])\s*(\d+)\s*(YEARS?|MONTHS?|WEEKS?|DAYS?|HOURS?|MINUTES?|SECONDS?))?$/i.exec(
      text,
    ) ?? [];
  if (/^NOW/i.test(text) && (unit !== undefined || /^NOW$/i.test(text))) {
    const steps = Number(count ?? 0) * (sign === '-' ? -1 : 1);
    const name = `${(unit ?? 'DAYS').toUpperCase().replace(/S$/, '')}S` as Unit;
    return moved(now, steps, name);
  }
  const parts: Record<string, string> = {};
  const pattern = format.replaceAll(/yyyy|MM|dd|HH|mm|ss|./g, (token) =>
    /^[a-zA-Z]/.test(token) ? `(?<${token}>\\d{${token.length}})` : `\\${token}`,
  );
  Object.assign(parts, new RegExp(`^${pattern}$`).exec(text)?.groups);
  const { yyyy, MM = '01', dd = '01', HH = '00', mm = '00', ss = '00' } = parts;
  const at = new Date(`${yyyy}-${MM}-${dd}T${HH}:${mm}:${ss}Z`);
  if (Number.isNaN(at.getTime())) {
    throw new TypeError(`projection.${column}.range holds ${text}, which is not in ${format}`);
  }
  return at;
}

function moved(at: Date, steps: number, unit: Unit): Date {
  const step = MILLISECONDS[unit];
  if (step !== undefined) {
    return new Date(at.getTime() + steps * step);
  }
  const next = new Date(at);
  next.setUTCMonth(next.getUTCMonth() + steps * (unit === 'YEARS' ? 12 : 1));
  return next;
}

function written(at: Date, format: string): string {
  const iso = at.toISOString();
  const parts: Readonly<Record<string, string>> = {
    yyyy: iso.slice(0, 4),
    MM: iso.slice(5, 7),
    dd: iso.slice(8, 10),
    HH: iso.slice(11, 13),
    mm: iso.slice(14, 16),
    ss: iso.slice(17, 19),
  };
  return format.replaceAll(/yyyy|MM|dd|HH|mm|ss/g, (token) => parts[token] ?? token);
}

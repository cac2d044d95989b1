/** What a declared column must be in itself, and the columns of one key to one another. */
import { duplicates } from './duplicates.ts';
import { type AcceptedFormat, bindingFormats, bytesFormats, formatName } from './format-schema.ts';
import { type Column, neighboursOf } from './neighbours.ts';
import type { RotationConfig } from './rotation-config.ts';
import type { EncryptionConfig } from './secret-schemas.ts';
import { show } from './show.ts';

export function columnProblems(secret: EncryptionConfig, path: string): string[] {
  const { columns } = secret;
  return [
    ...duplicates(columns, ({ id }) => id, `${path}.columns`, 'id'),
    ...placeProblems(columns, `${path}.columns`),
    ...columns.flatMap((column, index) => {
      const at = `${path}.columns.${index}`;
      return [
        ...keyProblems(column, at),
        ...formProblems(column, at),
        ...acceptProblems(column, at),
        ...maintenanceProblems(column, secret, at),
      ];
    }),
  ];
}

/** One document may hold several values, none of them inside another. */
function placeProblems(columns: readonly Column[], path: string): string[] {
  return columns.flatMap((column, index) => {
    const earlier = columns.slice(0, index).find((other) => isSamePlace(column, other));
    return earlier === undefined
      ? []
      : [
          `${path}.${index}: found ${show(`${column.table}.${column.column}`)} again; expected every column once, or a path in it that neither holds nor is held by that of "${earlier.id}"`,
        ];
  });
}

/** Two keys over one value: whoever rewrites it second cannot open what the first one wrote. */
export function neighbourProblems(key: string, config: RotationConfig): string[] {
  const secret = config.secrets[key];
  const columns = secret?.kind === 'encryption' ? secret.columns : [];
  const keys = Object.keys(config.secrets);
  const earlier = neighboursOf(key, config).filter(
    (neighbour) => keys.indexOf(neighbour.key) < keys.indexOf(key),
  );
  return columns.flatMap((column, index) => {
    const taken = earlier.find((other) => other.columns.some((one) => isSamePlace(column, one)));
    return taken === undefined
      ? []
      : [
          `secrets.${key}.columns.${index}: found ${show(`${column.table}.${column.column}`)}, which secrets.${taken.key} encrypts in the same database; expected one key for each place`,
        ];
  });
}

function isSamePlace(one: Column, other: Column): boolean {
  if (one.table !== other.table || one.column !== other.column) {
    return false;
  }
  const [a, b] = [one.path ?? [], other.path ?? []];
  const shared = Math.min(a.length, b.length);
  return a.slice(0, shared).every((part, at) => part === b[at]);
}

function keyProblems({ id, column, profile, primaryKey }: Column, at: string): string[] {
  const problems: string[] = [];
  if (profile === 'row' && primaryKey === undefined) {
    problems.push(
      `${at}.primaryKey: found nothing; profile "row" binds "${id}" to its row, expected the columns of the primary key`,
    );
  }
  if (primaryKey?.includes(column)) {
    problems.push(
      `${at}.primaryKey: found "${column}", the encrypted column itself; expected columns that stay as they are`,
    );
  }
  problems.push(...duplicates(primaryKey ?? [], (name) => name, `${at}.primaryKey`, 'column'));
  if (profile !== 'row' && primaryKey !== undefined) {
    problems.push(
      `${at}.primaryKey: found one with profile "${profile}"; expected profile "row", or no primaryKey`,
    );
  }
  return problems;
}

function formProblems({ format, accepts = [], profile, path }: Column, at: string): string[] {
  const name = formatName(format);
  const problems: string[] = [];
  if (!bindingFormats.has(name) && profile !== 'none') {
    problems.push(
      `${at}.profile: found "${profile}"; expected "none": format ${name} binds a value to nothing, only qt1 and qt1-bytes do`,
    );
  }
  if (path !== undefined) {
    const held: [string, string][] = [
      ['format', name],
      ...accepts.map((accepted, index): [string, string] => [`accepts.${index}`, accepted.name]),
    ];
    problems.push(
      ...held
        .filter(([, held]) => bytesFormats.has(held))
        .map(
          ([where, held]) =>
            `${at}.${where}: found "${held}" with a path; expected a text format: JSON holds no bytes`,
        ),
    );
  }
  return problems;
}

function acceptProblems({ format, accepts = [] }: Column, at: string): string[] {
  const problems = duplicates(
    accepts.map((accepted) => ({ ...accepted, written: settingsOf(accepted) })),
    ({ written }) => written,
    `${at}.accepts`,
    'format',
  ).map((problem) => problem.replace(/found .* again/, 'found the same format again'));
  const own = typeof format === 'string' ? settingsOf({ name: format }) : settingsOf(format);
  for (const [index, accepted] of accepts.entries()) {
    if (settingsOf(accepted) === own) {
      problems.push(
        `${at}.accepts.${index}: found "${accepted.name}", the format itself; expected older formats only`,
      );
    }
    if (accepted.name === 'json-gcm') {
      const { iv, tag, data } = accepted.members;
      const names = [
        iv,
        data,
        ...(tag === undefined ? [] : [tag]),
        ...Object.keys(accepted.fixed ?? {}),
      ];
      problems.push(
        ...duplicates(names, (member) => member, `${at}.accepts.${index}.members`, 'name'),
      );
    }
  }
  return problems;
}

/** Equal for equal settings, in whatever order they are written. */
function settingsOf(format: AcceptedFormat): string {
  return JSON.stringify(
    Object.entries(format)
      .filter(([, value]) => value !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** AES-CBC without a MAC: a second pass would take its own output for input, and a reader beside it either. */
function maintenanceProblems(
  { accepts = [] }: Column,
  { reencryption }: EncryptionConfig,
  at: string,
): string[] {
  const unauthenticated = accepts.flatMap(({ name }, index) =>
    name === 'colon-cbc' ? [index] : [],
  );
  const problems = unauthenticated
    .slice(1)
    .map(
      (index) =>
        `${at}.accepts.${index}: found a second "colon-cbc"; expected one: its values do not say which of two keys or patterns is theirs`,
    );
  const [first] = unauthenticated;
  if (first !== undefined && reencryption?.mode !== 'maintenance') {
    problems.push(
      `${at}.accepts.${first}: found "colon-cbc" with reencryption ${reencryption === undefined ? 'absent' : `mode "${reencryption.mode}"`}; expected reencryption with mode "maintenance": its values carry no proof of their key, so nothing may write beside the rewriting`,
    );
  }
  return problems;
}

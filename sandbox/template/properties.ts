/** Reads of resolved properties, with an error that names what is wrong. */
import { SandboxLoadError } from './load-error.ts';
import type { Declared } from './resource-type.ts';

export function text({ logicalId, properties }: Declared, name: string): string {
  const value = properties[name];
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new SandboxLoadError(
      `${logicalId}: property ${name} is ${JSON.stringify(value) ?? 'absent'}, expected a text.`,
    );
  }
  return String(value);
}

export function optionalText(declared: Declared, name: string): string | undefined {
  return declared.properties[name] === undefined ? undefined : text(declared, name);
}

export function list<T = unknown>({ properties }: Declared, name: string): readonly T[] {
  return (properties[name] ?? []) as readonly T[];
}

export function object<T>({ logicalId, properties }: Declared, name: string): T {
  const value = properties[name];
  if (typeof value !== 'object' || value === null) {
    throw new SandboxLoadError(`${logicalId}: property ${name} is missing, expected an object.`);
  }
  return value as T;
}

/** Templates write booleans as JSON booleans or as texts. */
export function flag({ properties }: Declared, name: string, fallback: boolean): boolean {
  return properties[name] === undefined ? fallback : String(properties[name]) === 'true';
}

/** Drops members that are undefined, for arguments under exactOptionalPropertyTypes. */
export function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

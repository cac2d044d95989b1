/**
 * Environment variables of a container as far as anybody may know them: names, where a secret comes from, and of a
 * plain value nothing but a word of a fixed list and whether it reads like a development fallback. A door keeps the
 * value to itself.
 */
import { developmentFallback } from '../domain/secrets/fallbacks.ts';

export interface ContainerVariable {
  readonly container: string;
  readonly name: string;
  /** Of a variable that ECS fills in: ARN of a secret or parameter, with field, label and version. */
  readonly valueFrom?: string;
  /** Of a plain one: a log level or the name of an environment, lower case; absent: anything else. */
  readonly word?: string;
  /** Of a plain one: why it reads like a development fallback; absent: it does not. */
  readonly fallback?: string;
  /** Of a plain one without text. */
  readonly isEmpty?: boolean;
}

/** What logging libraries call their levels, and frameworks their environments; none of them is a secret. */
const words = new Set(
  `trace debug verbose silly all info notice warn warning error fatal off none silent
   development dev local test testing staging production prod`.split(/\s+/),
);

/** Texts of R23, whose parts between hyphens a random key never has. */
const fallbackText = /^(dev-secret|development-secret-key)\b/i;

export function variablesOf(
  container: string,
  environment: readonly { name?: string | undefined; value?: string | undefined }[],
  secrets: readonly { name?: string | undefined; valueFrom?: string | undefined }[],
): ContainerVariable[] {
  return [
    ...environment.map(({ name = '', value = '' }) => ({
      container,
      name,
      ...factsOf(name, value),
    })),
    ...secrets.map(({ name = '', valueFrom = '' }) => ({ container, name, valueFrom })),
  ];
}

/** Of other variables a short or regular value is nothing strange. */
const namesSecret = /secret|key|token|passw|pwd|salt|credential/i;

/** `RUST_LOG=api=debug,sqlx=warn`: the most talkative level of a list of them counts. */
function factsOf(name: string, value: string): Omit<ContainerVariable, 'container' | 'name'> {
  if (value.trim() === '') return { isEmpty: true };
  const parts = value.toLowerCase().split(/[,;=\s]+/);
  const word =
    parts.find((part) => part === 'trace') ??
    parts.find((part) => part === 'debug') ??
    (parts.length === 1 && words.has(parts[0] ?? '') ? parts[0] : undefined);
  if (word !== undefined) return { word };
  const fallback = fallbackText.test(value)
    ? 'it reads like an example value'
    : namesSecret.test(name)
      ? developmentFallback(Buffer.from(value, 'utf8'))
      : undefined;
  return fallback === undefined ? {} : { fallback };
}

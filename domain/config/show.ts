/**
 * What a message may repeat of a configuration. It holds names and no secret, until somebody pastes a
 * password or a connection string into the wrong field, or into the name of one: whatever could be one is
 * described, never shown.
 */

/** The value as a message may tell it. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') {
    return looksSecret(value) ? `a string of ${value.length} characters` : `"${value}"`;
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Somebody else's sentence, with what could be a secret in it left out. */
export function redact(sentence: string): string {
  return sentence.replaceAll(/[^\s"'`(),]+/g, (word) => (looksSecret(word) ? '…' : word));
}

/** The place of a problem: `secrets.db.roles.0`. Keys are a person's words, too. */
export function showPath(path: readonly PropertyKey[]): string {
  const parts = path.map((part) =>
    typeof part === 'string' && looksSecret(part)
      ? `<a name of ${part.length} characters>`
      : String(part),
  );
  return parts.join('.') || 'the configuration';
}

const longest = 100;
const arn = /^arn:[a-z-]+:[a-z0-9-]*:[a-z0-9-]*:\d*:[\w+=,.@/:-]*$/;
/** Heads of keys and tokens that their issuers made recognisable, and passwords that say so. */
const knownSecret =
  /^(AKIA|ASIA|gh[pousr]_|github_pat_|xox[abps]-|sk[-_]|eyJ|SCRAM-SHA-256\$|md5[0-9a-f]{32}$|-----BEGIN)|passw|secret[-_!]?\d/i;

function looksSecret(text: string): boolean {
  if (text.length > longest) return true;
  if (arn.test(text)) return false;
  return /[@\s]|:\/\//.test(text) || knownSecret.test(text) || text.split(/[-_./:]/).some(isRandom);
}

/** The words of a name are few and long (`pharmacyApp2`); a key or a password goes to and fro. */
function isRandom(word: string): boolean {
  if (/[!#$%&*+=^~?<>|{}[\]`]/.test(word) && /[A-Za-z]/.test(word) && /\d/.test(word)) return true;
  const turns = word.match(/[A-Za-z]+|\d+/g)?.length ?? 0;
  const pieces = word.match(/[A-Z]?[a-z]+|[A-Z]+|\d+/g)?.length ?? 0;
  return word.length >= 12 && (turns >= 4 || pieces > word.length / 3);
}

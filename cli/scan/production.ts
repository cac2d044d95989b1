/**
 * Values for development in configuration of production (R23 of the requirements: example files are copied, and then
 * forgotten). A file is configuration of production when
 *
 * - it matches --production; or, without that option,
 * - a part of its path says prod, production or live, and its kind is one of configuration; or
 * - it is an ECS task definition or a Kubernetes manifest, and no part of its path says otherwise;
 *
 * and never below a folder of tests, examples, documents or dependencies, unless --production names it.
 */
import { Buffer } from 'node:buffer';
import { developmentFallback } from '../../domain/secrets/fallbacks.ts';

/** Larger ones are no configuration of anybody. */
export const largestConfiguration = 1024 * 1024;

export interface Fallback {
  /** Of the variable or member. */
  readonly name: string;
  readonly line: number;
  /** Why: `it reads like an example value`. */
  readonly reason: string;
}

const configuration =
  /(^|\/)(\.env[^/]*|[^/]+\.env)$|\.(json|jsonc|ya?ml|toml|ini|conf|cfg|cnf|config|properties|tf|tfvars|hcl|xml|plist|env|sh|service|dockerfile)$|(^|\/)(dockerfile|procfile)[^/]*$/i;
const saysProduction = /(^|[^a-z0-9])(prod|prd|production|live)([^a-z0-9]|$)/i;
const saysOtherwise =
  /(^|[^a-z0-9])(dev|develop|development|local|test|testing|tests|staging|stage|qa|uat|sandbox|preview|example|sample|template|dist)([^a-z0-9]|$)/i;
const neverProduction =
  /(^|\/)(tests?|__tests__|spec|specs|fixtures?|__fixtures__|mocks?|examples?|samples?|docs?|node_modules|vendor|\.git)\//i;

export class ProductionFiles {
  readonly #globs: readonly RegExp[];

  /** @param globs of --production; `*` within a name, `**` across folders, `?` one character */
  constructor(globs: readonly string[]) {
    this.#globs = globs.map(patternOf);
  }

  /** Is this to be read as configuration of production? Undefined: what stands in it decides. */
  includes(path: string): boolean | undefined {
    const unix = path.replaceAll('\\', '/');
    if (this.#globs.length > 0) return this.#globs.some((glob) => glob.test(unix));
    if (!configuration.test(unix) || neverProduction.test(unix)) return false;
    if (saysProduction.test(unix)) return true;
    return saysOtherwise.test(unix) || !/\.(json|ya?ml)$/i.test(unix) ? false : undefined;
  }
}

/** A rendered task definition or manifest: it is what runs somewhere. */
export const isDeployed = (text: string): boolean =>
  /"containerDefinitions"\s*:/.test(text) ||
  (/^\s*"?apiVersion"?\s*:/m.test(text) &&
    /^\s*"?kind"?\s*:\s*"?(Secret|ConfigMap|Deployment|StatefulSet|DaemonSet|CronJob|Job|Pod)\b/m.test(
      text,
    ));

const secretName = `[A-Za-z0-9_.-]*(?:secret|password|passwd|passphrase|pwd|token|api_?key|apikey|encryption_?key|signing_?key|private_?key|secret_?key|database_?url)(?:_?base64)?`;
const literal = String.raw`(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([^\s"',;#{}[\]]+))`;
const assigned = new RegExp(
  String.raw`["']?(?<![A-Za-z0-9_.-])(${secretName})["']?\s*[:=]\s*${literal}`,
  'gi',
);
/** `{"name": "X", "value": "…"}` of ECS, `- name: X` and `value: …` of Kubernetes. */
const named = new RegExp(
  String.raw`["']?\bname["']?\s*[:=]\s*["']?(${secretName})["']?\s*,?\s*["']?\bvalue["']?\s*[:=]\s*${literal}`,
  'gi',
);
/** What is filled in elsewhere, or points to where the value is. */
const reference =
  /\$\{|\$\(|\{\{|<%|^\$|^%\w+%$|^!|^<[^>]*>$|^arn:|^(ssm|vault|aws|secretsmanager|op|sops|file|projects):?\/|^(var|local|data|module|random_\w+|process\.env|env)\.|^ENC\[|^(true|false|null|none|undefined|~)$|^\/run\/secrets\//i;
const ownPassword = /:\/\/[^:/?#\s@]*:([^@/?#\s]+)@/;

export function fallbacksIn(text: string): Fallback[] {
  const found = new Map<string, Fallback>();
  for (const pattern of [assigned, named]) {
    // Matches come in their order: lines are counted on from the one before.
    let [line, counted] = [1, 0];
    for (const match of text.matchAll(pattern)) {
      const [, name = '', double, single, bare] = match;
      const value = double ?? single ?? bare ?? '';
      const reason = reasonOf(value);
      if (reason === undefined) continue;
      line += text.slice(counted, match.index).split('\n').length - 1;
      counted = match.index;
      found.set(`${name}\0${line}`, { name, line, reason });
    }
  }
  return [...found.values()];
}

function reasonOf(value: string): string | undefined {
  if (value === '' || reference.test(value)) return undefined;
  // An address: of it the password alone is one.
  if (value.includes('://')) {
    const [, password] = ownPassword.exec(value) ?? [];
    return password === undefined || reference.test(password) ? undefined : reasonOfText(password);
  }
  return reasonOfText(value);
}

/** As it is written, or (of a Kubernetes Secret) what its base64 is of. */
function reasonOfText(text: string): string | undefined {
  const reason = developmentFallback(Buffer.from(text));
  if (reason !== undefined) return reason;
  const bytes = Buffer.from(text, 'base64');
  const isBase64 = bytes.length >= 3 && bytes.toString('base64') === text;
  return isBase64 && /^[\x20-\x7e\n]+$/.test(bytes.toString('latin1'))
    ? developmentFallback(bytes)
    : undefined;
}

function patternOf(glob: string): RegExp {
  const text = glob
    .replaceAll('\\', '/')
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      return part === '?' ? '[^/]' : part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  // Below any folder, as in .gitignore.
  return new RegExp(`^(?:.*/)?${text}$`);
}

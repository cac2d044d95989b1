/** Which secret a call was about: it may be named by its name, by its ARN, or by an ARN that ends before the suffix. */

export interface NamedSecret {
  /** Its key in the configuration. */
  readonly key: string;
  /** Names in Secrets Manager under which its values are found: its own, and that of its inbox. */
  readonly names: readonly string[];
}

/** Any region: a replica has the ARN of its primary but for the region. */
const arnOfSecret = /^arn:[a-z-]+:secretsmanager:[a-z0-9-]*:(\d{12}):secret:(.+)$/;
const suffix = /-[A-Za-z0-9]{6}$/;

/**
 * @param account of the secrets: an ARN of another account is another secret
 * @returns the key of the secret that a SecretId means, undefined for every other one
 */
export function secretMatcher(
  secrets: readonly NamedSecret[],
  account: string,
): (secretId: string) => string | undefined {
  const keys = new Map(secrets.flatMap(({ key, names }) => names.map((name) => [name, key])));
  return (secretId) => {
    const [, owner, resource] = arnOfSecret.exec(secretId) ?? [];
    if (resource === undefined) return keys.get(secretId);
    if (owner !== account) return undefined;
    // A name may itself end like a suffix: the whole is tried first.
    return keys.get(resource) ?? keys.get(resource.replace(suffix, ''));
  };
}

/** Whom a deployment lets read a secret's value: its consumers, and those functions of its own that need it. */
import { isRotated, type Manifest, type ManifestSecret } from './manifest.ts';

/**
 * Consumers by name, then functions by what they do, e.g. `the re-encryption of pii`, then places that are given a
 * copy: whoever may read there reads the value, too.
 */
export function readersOf(
  { secrets, consumers, sync }: Manifest,
  secret: ManifestSecret,
): string[] {
  const { key, name } = secret;
  const others = secrets.flatMap((other): string[] => {
    switch (other.kind) {
      case 'database':
        return other.admin === name ? [`the rotation of ${other.key}`] : [];
      case 'encryption':
        return [
          ...(other.database === key ? [`the rotation of ${other.key}`] : []),
          ...(other.database === key && other.drill !== undefined
            ? [`the drill of ${other.key}`]
            : []),
          ...(other.reencryption !== undefined &&
          (other.key === key || other.reencryption.login === key)
            ? [`the re-encryption of ${other.key}`]
            : []),
        ];
      default:
        return [];
    }
  });
  const isAdmin = secrets.some((other) => other.kind === 'database' && other.admin === name);
  const copies = sync?.targets.filter((target) => target.secret === key) ?? [];
  const copied = sync?.targets.some((target) => [target.secret, target.credential].includes(key));
  return [
    ...consumers.filter(({ reads }) => reads.includes(key)).map((consumer) => consumer.name),
    ...(isRotated(secret) ? ['its rotation'] : []),
    ...others,
    ...(isAdmin ? ['the operator function'] : []),
    ...(copied ? ['the function that writes copies'] : []),
    ...copies.map(({ target }) => `the copy in ${target}`),
  ];
}

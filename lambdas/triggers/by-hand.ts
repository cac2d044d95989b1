/** What a person runs where a trigger may not act: commands to paste, of the operator policy's rights. */
import type {
  Manifest,
  ManifestSecret,
  RotatedManifestSecret,
} from '../../domain/config/manifest.ts';

type Scope = Pick<Manifest, 'name' | 'environment' | 'controlTable'>;

const quarterturn = (command: string, { key }: ManifestSecret, { name, environment }: Scope) =>
  `npx quarterturn ${command} ${key} --deployment ${name}/${environment}`;

export const adoptCommand = (secret: ManifestSecret, scope: Scope): string =>
  quarterturn('adopt', secret, scope);

/**
 * An emergency: intent, way cleared, RotateSecret, under one token (docs/rotation.md). Bourne shell; needs the aws
 * command line and nothing else.
 */
export function emergencyCommand(secret: RotatedManifestSecret, { controlTable }: Scope): string {
  const record = String.raw`{\"intent\":\"emergency\",\"token\":\"$T\",\"requestedBy\":\"$U\",\"at\":\"$N\"}`;
  const item = `{"pk":{"S":"intent.emergency#${secret.name}"},"sk":{"S":"$T"},"revision":{"N":"1"},"record":{"S":"${record}"}}`;
  const escaped = item.replaceAll(/(\\)?"/g, (found) => (found === '"' ? '\\"' : '\\\\\\"'));
  return [
    'T=$(od -An -N16 -tx1 /dev/urandom | tr -d " \\n")',
    'N=$(date -u +%Y-%m-%dT%H:%M:%SZ)',
    'U=$(aws sts get-caller-identity --query Arn --output text)',
    `aws dynamodb put-item --table-name ${controlTable} --item "${escaped}"`,
    // The first major version of the command line takes no other form of raw bytes that the second does.
    `printf %s "{\\"operation\\":\\"preempt\\",\\"token\\":\\"$T\\",\\"owner\\":\\"$U\\"}" | aws lambda invoke --function-name ${secret.function} --payload fileb:///dev/stdin /dev/null`,
    `aws secretsmanager rotate-secret --secret-id ${secret.name} --client-request-token $T`,
  ].join(' && ');
}

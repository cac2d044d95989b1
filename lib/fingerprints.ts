/**
 * Fingerprints of values, for `quarterturn scan`: a function that reads every labelled version of every secret and
 * answers with keyed fingerprints, so that no value reaches the machine that scans. Inboxes are closed to it, as to
 * everybody: what lies there is not a value yet.
 */
import { Construct } from 'constructs';
import { deploymentDimension, fingerprintsFunctionName } from '../domain/config/names.ts';
import type {
  DeployedSecret,
  FingerprintsEnvironment,
} from '../lambdas/fingerprints/environment.ts';
import { DeferredText } from './deferred-text.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { RoomFunction } from './room-function.ts';
import { allow, useKeyOf } from './statements.ts';

export interface FingerprintsProps {
  readonly deployment: Deployment;
  /** Every secret, by key. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

/** Ten secrets of twenty versions each, five at a time, with Secrets Manager at its slowest. */
const timeoutSeconds = 120;

export class Fingerprints extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, { deployment, secrets }: FingerprintsProps) {
    super(scope, id);
    const { config } = deployment;
    const deferred = new DeferredText();
    const environment: FingerprintsEnvironment = { DEPLOYMENT: deploymentDimension(config) };
    this.function = new RoomFunction(this, 'Function', {
      functionName: fingerprintsFunctionName(config),
      description: 'Hands out keyed fingerprints of values for quarterturn scan; never a value',
      room: 'fingerprints',
      deployment,
      files: { 'secrets.json': deferred.textOf(deployedSecrets(deployment, secrets)) },
      environment: { ...environment, ...deferred.environment },
      timeoutSeconds,
    });
    const all = Object.values(secrets);
    this.function.allow(
      // Versions by their ids: a condition on labels would hide those that only a date keeps.
      allow(
        'ReadEveryVersion',
        ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        all.map(({ arn }) => arn),
      ),
      useKeyOf('UseKeyOfEveryVersion', all, ['kms:Decrypt']),
    );
  }
}

function deployedSecrets(
  { config }: Deployment,
  secrets: FingerprintsProps['secrets'],
): DeployedSecret[] {
  return Object.entries(config.secrets).flatMap(([key, secret]): DeployedSecret[] => {
    const reference = secrets[key];
    if (reference === undefined) return [];
    // By name: fifty ARNs that are known at deployment only would not fit into an environment.
    const every = { key, name: reference.name };
    return secret.kind === 'jwt' || secret.kind === 'encryption'
      ? [{ kind: secret.kind, ...every, field: secret.field, encoding: secret.encoding }]
      : [{ kind: secret.kind, ...every }];
  });
}

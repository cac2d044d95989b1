/**
 * Asking consumers whether they are well: one function for the private hosts of each network, one for those asked from
 * outside of every VPC. Made only for consumers whose configuration has `health`; it reads the bearers of those, and
 * nothing else.
 */
import { Construct } from 'constructs';
import type { HealthConfig } from '../domain/config/consumer-schema.ts';
import { healthFunctionName } from '../domain/config/names.ts';
import { hasInbox } from '../domain/config/secret-schemas.ts';
import type { AskedConsumerInput, HealthEnvironment } from '../lambdas/health/environment.ts';
import { authorities } from './authorities.ts';
import { DeferredText } from './deferred-text.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { RoomFunction } from './room-function.ts';
import { readValues, useKeyOf } from './statements.ts';

export interface HealthFunctionsProps {
  readonly deployment: Deployment;
  /** Every secret, by key. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

interface Asked {
  readonly name: string;
  readonly health: HealthConfig;
  /** Where it stands in the configuration. */
  readonly path: string;
}

/** Twenty seconds of probes after a bearer that is read at the fourth try (28 seconds). */
const timeoutSeconds = 60;

export class HealthFunctions extends Construct {
  readonly all: readonly RoomFunction[];
  /** By what alarms call them. */
  readonly named: readonly (readonly [part: string, made: RoomFunction])[];
  readonly #byNetwork = new Map<string | undefined, RoomFunction>();

  constructor(scope: Construct, id: string, props: HealthFunctionsProps) {
    super(scope, id);
    const asked = props.deployment.config.consumers.flatMap(({ name, health }, index): Asked[] =>
      health === undefined ? [] : [{ name, health, path: `consumers.${index}.health` }],
    );
    for (const network of new Set(asked.map(({ health }) => health.network))) {
      const own = asked.filter(({ health }) => health.network === network);
      this.#byNetwork.set(network, this.#functionOf(props, network, own));
    }
    this.all = [...this.#byNetwork.values()];
    this.named = [...this.#byNetwork].map(([network, made]) => [
      network === undefined ? 'ask-health' : `health-${network}`,
      made,
    ]);
  }

  /** @throws RangeError for a network that no consumer's health names */
  arnFor(network: string | undefined): string {
    const made = this.#byNetwork.get(network);
    if (made === undefined)
      throw new RangeError(`no consumer is asked from ${network ?? 'outside'}`);
    return made.functionArn;
  }

  #functionOf(
    { deployment, secrets }: HealthFunctionsProps,
    network: string | undefined,
    asked: readonly Asked[],
  ): RoomFunction {
    const { config } = deployment;
    const deferred = new DeferredText();
    const consumers = asked.map((one) => settingsOf(deployment, secrets, one));
    const environment: HealthEnvironment = { ENVIRONMENT: config.environment };
    const made = new RoomFunction(this, network === undefined ? 'Function' : `In-${network}`, {
      functionName: healthFunctionName(config, network),
      description: 'Asks consumers whether they are well and hold the new value',
      room: 'health',
      deployment,
      files: {
        'consumers.json': deferred.textOf(consumers),
        ...Object.fromEntries(
          asked.flatMap(({ name, health: { ca }, path }) =>
            ca === undefined
              ? []
              : [[authorityFile(name), authorities(deployment, ca, `${path}.ca`)]],
          ),
        ),
      },
      environment: { ...environment, ...deferred.environment },
      timeoutSeconds,
      network: deployment.networkOf(network),
    });
    const bearers = [...new Set(asked.flatMap(({ health }) => health.bearer ?? []))].map((key) =>
      referenceOf(secrets, key),
    );
    if (bearers.length > 0) {
      made.allow(
        readValues('ReadBearers', bearers, ['AWSCURRENT']),
        useKeyOf('UseKeyOfBearers', bearers, ['kms:Decrypt']),
      );
    }
    return made;
  }
}

function settingsOf(
  { config }: Deployment,
  secrets: HealthFunctionsProps['secrets'],
  { name, health }: Asked,
): AskedConsumerInput {
  const { credentials, bearer, probes, privateAddresses, ca } = health;
  const secret = bearer === undefined ? undefined : config.secrets[bearer];
  const field = secret !== undefined && hasInbox(secret) ? secret.inbox.field : undefined;
  return {
    name,
    ...(credentials !== undefined && { credentials }),
    ...(bearer !== undefined && {
      bearer: {
        secretArn: referenceOf(secrets, bearer).arn,
        ...(field !== undefined && { field }),
      },
    }),
    probes,
    privateAddresses,
    ...(ca !== undefined && { ca: authorityFile(name) }),
  };
}

const authorityFile = (consumer: string) => `ca-${consumer}.pem`;

function referenceOf(secrets: HealthFunctionsProps['secrets'], key: string): SecretReference {
  const reference = secrets[key];
  if (reference === undefined) throw new RangeError(`no secret "${key}" in the configuration`);
  return reference;
}

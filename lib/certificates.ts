/** Certificates: four times a day a function reads when each one ends. Made only where the configuration names some. */
import { Construct } from 'constructs';
import { certificatesFunctionName, deploymentDimension } from '../domain/config/names.ts';
import type { Notice } from '../domain/events/notices.ts';
import type { CertificatesEnvironment } from '../lambdas/certificates/environment.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import type { ManifestParameter } from './manifest-parameter.ts';
import type { Messages } from './messages.ts';
import { RoomFunction } from './room-function.ts';
import { invokeBy } from './scheduled.ts';
import { allow, readValues, tell, useKeyOf } from './statements.ts';

export interface CertificatesProps {
  readonly deployment: Deployment;
  readonly manifest: ManifestParameter;
  readonly messages: Messages;
  /** Every secret, by key. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

const told: readonly Notice['type'][] = ['certificate-expiring'];

/** A hundred endpoints of which none answers take three minutes: ten at a time, each asked twice. */
const timeoutSeconds = 280;

export class Certificates extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, props: CertificatesProps) {
    super(scope, id);
    const { deployment, manifest, messages } = props;
    const { config } = deployment;
    const certificates = config.certificates ?? [];
    const own = deploymentDimension(config);
    const arns = certificates.flatMap(({ acm }) => acm ?? []);
    const references = certificates.flatMap(({ secret }) =>
      secret === undefined ? [] : (referenceOf(secret, props.secrets) ?? []),
    );
    const secrets = [...new Map(references.map((secret) => [secret.arn, secret])).values()];
    const environment: CertificatesEnvironment = {
      MANIFEST_PARAMETER: manifest.parameterName,
      CONTROL_TABLE: deployment.controlTable.tableName,
    };
    // Outside of every VPC: one in a VPC would reach no event bus.
    this.function = new RoomFunction(this, 'Function', {
      functionName: certificatesFunctionName(config),
      description: 'Reads when each certificate of the configuration ends, and reminds people',
      room: 'certificates',
      deployment,
      environment,
      timeoutSeconds,
    });
    this.function.allow(
      allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
      ...(arns.length > 0 ? [allow('Describe', ['acm:DescribeCertificate'], arns)] : []),
      ...(secrets.length > 0
        ? [
            readValues('ReadCertificates', secrets, ['AWSCURRENT']),
            useKeyOf('UseKeyOfCertificates', secrets, ['kms:Decrypt']),
          ]
        : []),
      tell('Tell', this, told),
      ...deployment.controlTable.statements({
        secretNames: [own],
        read: ['certificate', 'certificate.told'],
        write: ['certificate', 'certificate.told'],
      }),
    );
    invokeBy(
      this,
      'FourTimesADay',
      // Its alarm looks at twelve hours: one look that fails leaves no gap.
      { description: 'Certificates of Quarterturn', scheduleExpression: 'rate(6 hours)' },
      this.function,
      { messages, alarm: 'certificates' },
    );
    messages.deadLettersOfFunction(this.function);
  }
}

function referenceOf(
  secret: NonNullable<NonNullable<Deployment['config']['certificates']>[number]['secret']>,
  secrets: Readonly<Record<string, SecretReference>>,
): SecretReference | undefined {
  if (typeof secret === 'string') return secrets[secret];
  const { secretArn: arn, kmsKeyArn } = secret;
  return { name: secret.secretName ?? arn, arn, kmsKeyArn };
}

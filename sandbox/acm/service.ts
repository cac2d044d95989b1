/**
 * AWS Certificate Manager: certificates that are put in through the controls and described over the wire. Nothing is
 * issued and nothing renewed; putting another certificate in under the same id is what a renewal looks like.
 */
import { X509Certificate } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import { type AwsService, ServiceException } from '../service.ts';

/** As it would be after ACM had issued it. */
export interface CertificateInAcm {
  /** Last part of its ARN. */
  id: string;
  /** PEM; absent: it was never issued. */
  certificate?: string | undefined;
  /** @default ISSUED, and EXPIRED once it has ended; without a certificate PENDING_VALIDATION */
  status?: string | undefined;
  renewal?: { status: string; reason?: string | undefined } | undefined;
  /** ARNs of what uses it. */
  inUseBy?: readonly string[] | undefined;
}

export interface AcmSettings {
  account: string;
  region: string;
  clock: SandboxClock;
}

export class AcmService implements AwsService {
  readonly signingName = 'acm';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'CertificateManager';
  readonly operations: AwsService['operations'];
  readonly #settings: AcmSettings;
  readonly #certificates = new Map<string, CertificateInAcm>();

  constructor(settings: AcmSettings) {
    this.#settings = settings;
    this.operations = {
      DescribeCertificate: {
        authorize: ({ CertificateArn }) => [
          { action: 'acm:DescribeCertificate', resource: arnIn(CertificateArn) },
        ],
        run: async ({ CertificateArn }) => ({ Certificate: this.#describe(arnIn(CertificateArn)) }),
      },
    };
  }

  /** @throws ServiceException ValidationException for what is no certificate */
  put(certificate: CertificateInAcm): { arn: string } {
    if (certificate.certificate !== undefined) parse(certificate.certificate);
    const { account, region } = this.#settings;
    const arn = `arn:aws:acm:${region}:${account}:certificate/${certificate.id}`;
    this.#certificates.set(arn, certificate);
    return { arn };
  }

  #describe(arn: string): object {
    const found = this.#certificates.get(arn);
    if (found === undefined) {
      throw new ServiceException('ResourceNotFoundException', `Could not find certificate ${arn}.`);
    }
    const { inUseBy = [], renewal } = found;
    const certificate = found.certificate === undefined ? undefined : parse(found.certificate);
    const names = certificate === undefined ? [] : namesOf(certificate);
    return {
      CertificateArn: arn,
      DomainName: names[0],
      SubjectAlternativeNames: names,
      Status: found.status ?? this.#statusOf(certificate),
      Type: 'AMAZON_ISSUED',
      InUseBy: inUseBy,
      ...(certificate && {
        Serial: certificate.serialNumber.toLowerCase().match(/../g)?.join(':'),
        Subject: certificate.subject.replaceAll('\n', ','),
        Issuer: certificate.issuer.replaceAll('\n', ','),
        NotBefore: new Date(certificate.validFrom),
        NotAfter: new Date(certificate.validTo),
      }),
      ...(renewal && {
        RenewalSummary: {
          RenewalStatus: renewal.status,
          RenewalStatusReason: renewal.reason,
          DomainValidationOptions: names.map((DomainName) => ({ DomainName })),
          UpdatedAt: this.#settings.clock.now(),
        },
      }),
    };
  }

  #statusOf(certificate: X509Certificate | undefined): string {
    if (certificate === undefined) return 'PENDING_VALIDATION';
    return this.#settings.clock.now() > new Date(certificate.validTo) ? 'EXPIRED' : 'ISSUED';
  }
}

/** "Pattern: arn:[\w+=/,.@-]+:acm:[\w+=/,.@-]*:[0-9]+:[\w+=,.@-]+(/[\w+=,.@-]+)*" (API_DescribeCertificate). */
function arnIn(value: unknown): string {
  const arn = String(value ?? '');
  if (!/^arn:[\w+=/,.@-]+:acm:[\w+=/,.@-]*:[0-9]+:[\w+=,.@-]+(\/[\w+=,.@-]+)*$/.test(arn)) {
    throw new ServiceException(
      'ValidationException',
      `1 validation error detected: Value '${arn}' at 'certificateArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:[\\w+=/,.@-]+:acm:[\\w+=/,.@-]*:[0-9]+:[\\w+=,.@-]+(/[\\w+=,.@-]+)*`,
    );
  }
  return arn;
}

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new ServiceException('ValidationException', 'The certificate is not valid PEM.');
  }
}

const namesOf = ({ subjectAltName = '' }: X509Certificate): string[] =>
  subjectAltName.split(', ').flatMap((name) => (name.startsWith('DNS:') ? name.slice(4) : []));

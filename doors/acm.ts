/** The door to AWS Certificate Manager: what it tells of a certificate, never the certificate's key. */
import { ACMClient, DescribeCertificateCommand } from '@aws-sdk/client-acm';
import { awsCall, clientDefaults } from './aws-call.ts';

export interface AcmCertificate {
  /** `ISSUED`, or why it has no end: `PENDING_VALIDATION`, `EXPIRED`, `REVOKED`, `FAILED` … (API_CertificateDetail). */
  status: string;
  notBefore?: Date | undefined;
  /** Absent until it is issued. */
  notAfter?: Date | undefined;
  serial?: string | undefined;
  /** Of one ACM renews by itself: `PENDING_AUTO_RENEWAL`, `PENDING_VALIDATION`, `SUCCESS`, `FAILED`, and why it failed. */
  renewal?: { status: string; reason?: string | undefined } | undefined;
  /** How many resources of AWS use it. */
  inUseBy: number;
}

export interface AcmDoor {
  /** @throws AwsCallError */
  describe(arn: string): Promise<AcmCertificate>;
}

/** @param clientOf the client for a region: a certificate of CloudFront stands in us-east-1, whatever uses it */
export function acm(
  clientOf = (region: string | undefined) =>
    new ACMClient({ ...clientDefaults, ...(region && { region }) }),
): AcmDoor {
  const clients = new Map<string | undefined, ACMClient>();
  return {
    async describe(arn) {
      const region = arn.split(':')[3];
      const client = clients.get(region) ?? clientOf(region);
      clients.set(region, client);
      const { Certificate: found } = await awsCall('DescribeCertificate', () =>
        client.send(new DescribeCertificateCommand({ CertificateArn: arn })),
      );
      const renewal = found?.RenewalSummary;
      return {
        status: found?.Status ?? 'unknown',
        notBefore: found?.NotBefore,
        notAfter: found?.NotAfter,
        serial: found?.Serial,
        renewal: renewal?.RenewalStatus && {
          status: renewal.RenewalStatus,
          reason: renewal.RenewalStatusReason,
        },
        inUseBy: found?.InUseBy?.length ?? 0,
      };
    },
  };
}

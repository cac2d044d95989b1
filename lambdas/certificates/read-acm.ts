/** A certificate of AWS Certificate Manager. Issuers are ACM's business: it tells the end of the certificate itself. */
import type { ManifestCertificate } from '../../domain/config/certificate-manifest.ts';
import type { AcmCertificate } from '../../doors/acm.ts';
import type { SourceDoors } from './doors.ts';
import type { Reading } from './reading.ts';

type FromAcm = Extract<ManifestCertificate, { from: 'acm' }>;

export async function readAcm(
  { acm }: Pick<SourceDoors, 'acm'>,
  { arn }: FromAcm,
  now: Date,
): Promise<Reading> {
  const found = await acm.describe(arn);
  const { notAfter, serial = '' } = found;
  const problem = problemOf(found, now);
  const remark = remarkOf(found);
  return {
    ...(notAfter !== undefined && {
      notAfter,
      // The ARN stays when ACM renews; serial and end do not.
      identity: `${serial}@${notAfter.toISOString()}`,
      serial,
    }),
    ...(problem && { problem }),
    ...(remark && { remark }),
  };
}

/** EXPIRED is told by its date. */
const wellKnown: readonly string[] = ['ISSUED', 'EXPIRED'];

function problemOf({ status, notBefore, notAfter, renewal }: AcmCertificate, now: Date) {
  if (!wellKnown.includes(status) || notAfter === undefined) return `ACM says: ${status}`;
  if (renewal?.status === 'FAILED') {
    return `ACM could not renew it: ${renewal.reason ?? 'it gives no reason'}`;
  }
  return notBefore !== undefined && now < notBefore
    ? `the certificate is not valid before ${notBefore.toISOString()}`
    : undefined;
}

/** "ACM does not renew certificates that are not in use" (ACM user guide, "Managed certificate renewal"). */
function remarkOf({ renewal, inUseBy }: AcmCertificate): string | undefined {
  if (renewal !== undefined && renewal.status !== 'SUCCESS' && renewal.status !== 'FAILED') {
    return `its renewal by ACM: ${renewal.status}`;
  }
  return inUseBy === 0
    ? 'no resource of AWS uses it, and ACM renews none that is not used'
    : undefined;
}

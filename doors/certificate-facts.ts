/** What status and report tell of certificates: one read of the control table for all of them. */
import { sourceOf } from '../domain/config/certificate-manifest.ts';
import type { Manifest } from '../domain/config/manifest.ts';
import { certificatesFunctionName, deploymentDimension } from '../domain/config/names.ts';
import { type CertificateStatus, certificateStatus } from '../domain/reports/certificate-status.ts';
import type { CertificateRecordsDoor } from './certificate-records.ts';
import type { Clock } from './clock.ts';

export interface CertificateFactDoors {
  readonly controlTable: Pick<CertificateRecordsDoor, 'getCertificates'>;
  readonly clock: Clock;
}

/** Those of the configuration, in its order. What may not be read is told in the place of each. */
export async function certificatesOf(
  { controlTable, clock }: CertificateFactDoors,
  manifest: Pick<Manifest, 'name' | 'environment' | 'certificates'>,
): Promise<CertificateStatus[]> {
  const { certificates = [] } = manifest;
  if (certificates.length === 0) return [];
  const named = certificates.map((certificate) => ({
    name: certificate.name,
    source: sourceOf(certificate),
  }));
  try {
    const records = await controlTable.getCertificates(deploymentDimension(manifest));
    const again = `aws lambda invoke --function-name ${certificatesFunctionName(manifest)} /dev/stdout`;
    return named.map((certificate) =>
      certificateStatus(
        certificate,
        records.find(({ name }) => name === certificate.name),
        clock.now(),
        again,
      ),
    );
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (!code?.startsWith('ERR_ROTATION_')) throw error;
    const problem = message ?? code;
    return named.map((one) => ({ ...one, problem, findings: [{ code, message: problem }] }));
  }
}

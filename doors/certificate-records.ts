/** Records of certificates in the control table. */
import {
  type CertificateEndTold,
  type CertificateProblemTold,
  type CertificateRecord,
  certificateEndToldSchema,
  certificateProblemToldSchema,
  certificateRecordSchema,
} from '../domain/events/certificate-records.ts';
import type { controlItems } from './control-items.ts';

/** @param deployment `<name>/<environment>` */
export interface CertificateRecordsDoor {
  /** Of every certificate that was ever looked at, in no order. */
  getCertificates(deployment: string): Promise<readonly CertificateRecord[]>;
  /** A look that began before the one that stands leaves nothing. */
  putCertificate(deployment: string, record: CertificateRecord): Promise<void>;

  getCertificateEndTold(deployment: string, name: string): Promise<CertificateEndTold | undefined>;
  /**
   * By compare-and-swap on what stands.
   * @param over may what stands give way?
   * @returns what stands and did not give way; undefined when this stands now
   */
  putCertificateEndTold(
    deployment: string,
    name: string,
    record: CertificateEndTold,
    over: (standing: CertificateEndTold) => boolean,
  ): Promise<CertificateEndTold | undefined>;

  getCertificateProblemTold(
    deployment: string,
    name: string,
  ): Promise<CertificateProblemTold | undefined>;
  putCertificateProblemTold(
    deployment: string,
    name: string,
    record: CertificateProblemTold,
    over: (standing: CertificateProblemTold) => boolean,
  ): Promise<CertificateProblemTold | undefined>;
}

export function certificateRecords({
  all,
  content,
  replace,
}: Pick<ReturnType<typeof controlItems>, 'all' | 'content' | 'replace'>): CertificateRecordsDoor {
  const told = 'certificate.told';
  return {
    getCertificates: (deployment) => all(certificateRecordSchema, 'certificate', deployment),
    async putCertificate(deployment, record) {
      const isOlder = ({ checkedAt }: CertificateRecord) =>
        new Date(checkedAt) <= new Date(record.checkedAt);
      const key = ['certificate', deployment, record.name] as const;
      await replace(certificateRecordSchema, [...key], record, isOlder);
    },
    getCertificateEndTold: (deployment, name) =>
      content(certificateEndToldSchema, told, deployment, `${name}/end`),
    putCertificateEndTold: (deployment, name, record, over) =>
      replace(certificateEndToldSchema, [told, deployment, `${name}/end`], record, over),
    getCertificateProblemTold: (deployment, name) =>
      content(certificateProblemToldSchema, told, deployment, `${name}/problem`),
    putCertificateProblemTold: (deployment, name, record, over) =>
      replace(certificateProblemToldSchema, [told, deployment, `${name}/problem`], record, over),
  };
}

/** The records of certificates over Maps, with the same conditions on every write. */
import type {
  CertificateEndTold,
  CertificateProblemTold,
  CertificateRecord,
} from '../../domain/events/certificate-records.ts';
import type { CertificateRecordsDoor } from '../../doors/certificate-records.ts';

export function inMemoryCertificateRecords(): CertificateRecordsDoor {
  const records = new Map<string, CertificateRecord>();
  const ends = new Map<string, CertificateEndTold>();
  const problems = new Map<string, CertificateProblemTold>();
  const replace = async <Content>(
    map: Map<string, Content>,
    key: string,
    record: Content,
    over: (standing: Content) => boolean,
  ): Promise<Content | undefined> => {
    const standing = map.get(key);
    if (standing !== undefined && !over(standing)) return structuredClone(standing);
    map.set(key, structuredClone(record));
    return undefined;
  };
  return {
    getCertificates: async (deployment) =>
      [...records].flatMap(([key, record]) =>
        key.startsWith(`${deployment}/`) ? [structuredClone(record)] : [],
      ),
    async putCertificate(deployment, record) {
      await replace(
        records,
        `${deployment}/${record.name}`,
        record,
        ({ checkedAt }) => new Date(checkedAt) <= new Date(record.checkedAt),
      );
    },
    getCertificateEndTold: async (...key) => structuredClone(ends.get(key.join('/'))),
    putCertificateEndTold: (deployment, name, record, over) =>
      replace(ends, `${deployment}/${name}`, record, over),
    getCertificateProblemTold: async (...key) => structuredClone(problems.get(key.join('/'))),
    putCertificateProblemTold: (deployment, name, record, over) =>
      replace(problems, `${deployment}/${name}`, record, over),
  };
}

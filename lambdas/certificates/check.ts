/**
 * One look at every certificate of the manifest.
 *
 * 1. each is read from its source; one that cannot be read keeps what an earlier look found
 * 2. what was found is recorded, for status and report
 * 3. people are told: at 30, 14, 7 and 1 days, then daily; of a problem, daily
 * 4. the days until the first one ends are measured, if the end of every one is known: no figure is an alarm
 */
import { type ManifestCertificate, sourceOf } from '../../domain/config/certificate-manifest.ts';
import type { Manifest } from '../../domain/config/manifest.ts';
import { deploymentDimension, metricDimensions, metricNames } from '../../domain/config/names.ts';
import type { CertificateRecord } from '../../domain/events/certificate-records.ts';
import { daysLeft } from '../../domain/policy/certificate-due.ts';
import type { CertificatesDoors } from './doors.ts';
import { CertificatesNotCheckedError } from './errors.ts';
import { readAcm } from './read-acm.ts';
import { readEndpoint } from './read-endpoint.ts';
import { readSecret } from './read-secret.ts';
import type { Reading } from './reading.ts';
import { tell } from './tell.ts';

const atATime = 10;

export interface CertificatesSummary {
  certificates: number;
  /** With a problem at this look. */
  problems: number;
  /** Notices sent. */
  told: number;
  /** Until the first one ends; absent: the end of one is not known. */
  daysLeft?: number;
}

/** @throws CertificatesNotCheckedError when something could not be recorded or told; the others are */
export async function checkCertificates(
  doors: CertificatesDoors,
  manifest: Manifest,
): Promise<CertificatesSummary> {
  const { certificates = [] } = manifest;
  const deployment = deploymentDimension(manifest);
  const before = new Map(
    (await doors.records.getCertificates(deployment)).map((record) => [record.name, record]),
  );
  const records: CertificateRecord[] = [];
  const failed: string[] = [];
  let told = 0;
  for (let start = 0; start < certificates.length; start += atATime) {
    const some = certificates.slice(start, start + atATime).map(async (certificate) => {
      try {
        const record = await look(doors, certificate, before.get(certificate.name));
        records.push(record);
        await doors.records.putCertificate(deployment, record);
        told += await tell(doors, deployment, record);
      } catch (error) {
        failed.push(certificate.name);
        doors.log.error('certificate-failed', {
          certificate: certificate.name,
          reason: reasonOf(error),
        });
      }
    });
    await Promise.all(some);
  }
  if (failed.length > 0) throw new CertificatesNotCheckedError(failed);
  const left = firstEnd(records, doors.clock.now());
  if (left !== undefined) {
    doors.metrics.emit({
      dimensions: { [metricDimensions.deployment]: deployment },
      values: { [metricNames.certificateDaysLeft]: left },
      at: doors.clock.now(),
    });
  }
  const summary = {
    certificates: certificates.length,
    problems: records.filter(({ problem }) => problem !== undefined).length,
    told,
    ...(left !== undefined && { daysLeft: left }),
  };
  doors.log.info('certificates-summary', summary);
  return summary;
}

async function look(
  doors: CertificatesDoors,
  certificate: ManifestCertificate,
  before: CertificateRecord | undefined,
): Promise<CertificateRecord> {
  const now = doors.clock.now();
  const reading = await readOrProblem(doors, certificate, now);
  const source = sourceOf(certificate);
  const { notAfter, identity, serial, problem, remark } = reading;
  // What another source of that name was says nothing of this one.
  const earlier = before?.source === source ? before : undefined;
  return {
    name: certificate.name,
    source,
    checkedAt: now.toISOString(),
    ...(notAfter !== undefined && identity !== undefined
      ? {
          readAt: now.toISOString(),
          notAfter: notAfter.toISOString(),
          identity,
          ...(serial && { serial }),
        }
      : kept(earlier)),
    ...(problem && { problem: problem.slice(0, 512) }),
    ...(remark && { remark: remark.slice(0, 512) }),
  };
}

const kept = (earlier: CertificateRecord | undefined) =>
  earlier && {
    readAt: earlier.readAt,
    notAfter: earlier.notAfter,
    identity: earlier.identity,
    serial: earlier.serial,
  };

async function readOrProblem(
  doors: CertificatesDoors,
  certificate: ManifestCertificate,
  now: Date,
): Promise<Reading> {
  try {
    switch (certificate.from) {
      case 'acm':
        return await readAcm(doors, certificate, now);
      case 'secret':
        return await readSecret(doors, certificate, now);
      case 'endpoint':
        return await readEndpoint(doors, certificate, now);
    }
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

/** Our own errors speak for themselves; the text of any other may hold anything. */
function reasonOf(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
  return typeof code === 'string' && code.startsWith('ERR_ROTATION_')
    ? `${message}`
    : `an unexpected ${name ?? 'error'}`;
}

function firstEnd(records: readonly CertificateRecord[], now: Date): number | undefined {
  const ends = records.map(({ notAfter }) =>
    notAfter === undefined ? undefined : daysLeft(new Date(notAfter), now),
  );
  const known = ends.filter((days) => days !== undefined);
  return known.length === 0 || known.length < ends.length ? undefined : Math.min(...known);
}

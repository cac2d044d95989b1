/** What people are told of a certificate: the event first, then the record that it was told. */
import { auditEventSource } from '../../domain/events/audit-event.ts';
import type { CertificateRecord } from '../../domain/events/certificate-records.ts';
import { type CertificateNotice, certificateNoticeSchema } from '../../domain/events/notices.ts';
import {
  daysLeft,
  endToTell,
  problemToTell,
  supersedes,
} from '../../domain/policy/certificate-due.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import type { CertificatesDoors } from './doors.ts';

/**
 * Whoever died in between, or was at it at the same time, tells it under the same id, and it is heard once.
 * @returns how many notices were sent: of an end and a problem at once, one says both
 */
export async function tell(
  doors: CertificatesDoors,
  deployment: string,
  record: CertificateRecord,
): Promise<number> {
  const { records, clock } = doors;
  const { name, identity, notAfter, problem } = record;
  const now = clock.now();
  const end =
    identity === undefined || notAfter === undefined
      ? undefined
      : endToTell(
          { identity, notAfter: new Date(notAfter) },
          await records.getCertificateEndTold(deployment, name),
          now,
        );
  const trouble =
    problem === undefined
      ? undefined
      : problemToTell(problem, await records.getCertificateProblemTold(deployment, name), now);
  if (end !== undefined) {
    const of = [end.identity, end.stage, ...(end.stage === 'ended' ? [end.day] : [])];
    await send(doors, deployment, record, of, now);
    await records.putCertificateEndTold(deployment, name, end, (told) => supersedes(end, told));
  } else if (trouble !== undefined) {
    await send(doors, deployment, record, ['problem', trouble.day], now);
  }
  if (trouble !== undefined) {
    await records.putCertificateProblemTold(
      deployment,
      name,
      trouble,
      ({ day }) => day <= trouble.day,
    );
  }
  return end === undefined && trouble === undefined ? 0 : 1;
}

async function send(
  { eventBus }: CertificatesDoors,
  deployment: string,
  { name, source, notAfter, problem }: CertificateRecord,
  of: readonly string[],
  now: Date,
): Promise<void> {
  const type = 'certificate-expiring';
  // All it says but the days, which its time gives: readers drop an id they have seen, and a problem that was found
  // only at the second try would be dropped with it.
  const said = JSON.stringify([source, notAfter, problem]);
  const notice: CertificateNotice = certificateNoticeSchema.parse({
    type,
    version: 1,
    id: derivedToken(type, deployment, name, ...of, said),
    at: now.toISOString(),
    deployment,
    certificate: { name, source },
    ...(notAfter !== undefined && { notAfter, daysLeft: daysLeft(new Date(notAfter), now) }),
    ...(problem !== undefined && { problem }),
  });
  await eventBus.put({
    source: auditEventSource,
    detailType: type,
    detail: notice,
    resources: source.startsWith('arn:') ? [source] : [],
  });
}

/** One certificate's line of status and report: pure, from what the last look recorded, by the rule that reminds people. */
import * as z from 'zod';
import type { CertificateRecord } from '../events/certificate-records.ts';
import { daysLeft, stageOf } from '../policy/certificate-due.ts';

const instant = z.iso.datetime();

export const certificateStatusSchema = z.object({
  /** As in the configuration: an ARN, the name of a secret, or host and port. */
  name: z.string(),
  source: z.string(),
  /** The soonest end of it and the certificates it is sent with; absent: nobody could read it yet. */
  notAfter: instant.optional(),
  /** Whole days, below 0 once it has ended. */
  daysLeft: z.int().optional(),
  /** The last look; absent: there was none yet. */
  checkedAt: instant.optional(),
  problem: z.string().optional(),
  remark: z.string().optional(),
  findings: z.array(
    z.object({ code: z.string(), message: z.string(), command: z.string().optional() }),
  ),
});
export type CertificateStatus = z.infer<typeof certificateStatusSchema>;

/** Four looks are missing by then. */
const silence = 86_400_000;
/** Whoever renews by machine has done so by then. */
const stagesToActOn: readonly string[] = ['in14', 'in7', 'in1', 'ended'];

/** @param again a command that has it looked at */
export function certificateStatus(
  { name, source }: { readonly name: string; readonly source: string },
  record: CertificateRecord | undefined,
  now: Date,
  again: string,
): CertificateStatus {
  // What another source of that name was says nothing of this one.
  if (record === undefined || record.source !== source) {
    return { name, source, problem: 'not looked at yet', findings: [] };
  }
  const { notAfter, checkedAt, problem, remark } = record;
  const end = notAfter === undefined ? undefined : new Date(notAfter);
  return {
    name,
    source,
    ...(notAfter !== undefined && end && { notAfter, daysLeft: daysLeft(end, now) }),
    checkedAt,
    ...(problem !== undefined && { problem }),
    ...(remark !== undefined && { remark }),
    findings: [
      ...(end === undefined ? [] : endFinding(end, now)),
      ...(problem === undefined ? [] : [{ code: 'certificateProblem', message: problem }]),
      ...(now.getTime() - new Date(checkedAt).getTime() > silence
        ? [{ code: 'certificateNotChecked', message: `nobody has looked since ${checkedAt}` }]
        : []),
    ].map((finding) => ({ ...finding, command: again })),
  };
}

function endFinding(end: Date, now: Date): { code: string; message: string }[] {
  const stage = stageOf(end, now);
  if (stage === undefined || !stagesToActOn.includes(stage)) return [];
  return [
    stage === 'ended'
      ? {
          code: 'certificateEnded',
          message: `it ended ${end.toISOString()}: clients refuse it. Renew it where it is issued, and put the new one in its place`,
        }
      : {
          code: 'certificateEnds',
          message: `it ends ${end.toISOString()}. Renew it where it is issued, and put the new one in its place`,
        },
  ];
}

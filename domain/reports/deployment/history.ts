/**
 * What happened to one secret, from three sources that know different things of the same rotation: its audit
 * event (the whole of it, kept for years), the records of the control table (also what failed or is under way), and
 * the date labels (that something was current since then, up to twelve generations back).
 *
 * One rotation is one entry, by the version that it made. The activation of a published key is a second pass of the
 * same rotation. What a better source tells replaces what a poorer one told.
 */
import type { ReencryptionAuditEvent, RotationAuditEvent } from '../../events/audit-event.ts';
import type { AfterRotationRecord, RotationRecord } from '../../events/control-records.ts';
import type { FailedNotice } from '../../events/notices.ts';
import {
  currentVersion,
  dateLabelsOf,
  parseDateLabel,
  rotationInProgress,
} from '../../policy/labels.ts';
import type { HistoryEntry, ReencryptionEntry, RotationEntry } from '../deployment-report.ts';
import type { AuditEvent } from './audit-lines.ts';
import { toldEvidence } from './evidence-words.ts';
import type { FactsOfSecret } from './facts.ts';
import { triggerOf } from './trigger-words.ts';

export interface HistoryOptions {
  readonly from: Date;
  readonly now: Date;
}

/** @param events of this secret, the oldest first; the latest first is what comes back */
export function historyOf(
  facts: FactsOfSecret,
  events: readonly AuditEvent[],
  { from, now }: HistoryOptions,
): HistoryEntry[] {
  const rotations = new Map<string, RotationEntry>();
  const others: HistoryEntry[] = [];
  for (const entry of [...labelled(facts, now), ...recorded(facts)]) {
    rotations.set(entry.versionId, entry);
  }
  const known: Known = new Map(rotations);
  for (const entry of events.flatMap((event) => failed(event, facts))) {
    rotations.set(entry.versionId, entry);
  }
  for (const event of events) {
    if (event.type === 'credential-secret-rotation') {
      if (contradicts(event, known.get(event.versionId))) continue;
      for (const { versionId } of event.rotations) {
        if (!isOfItsOwn(known.get(versionId))) rotations.delete(versionId);
      }
      rotations.set(event.versionId, audited(event, isKnown(event, facts, known)));
    } else if (event.type === 'credential-reencryption') {
      others.push(reencrypted(event));
    } else if (event.type === 'unmanaged-secret-write') {
      const { at, versionId } = event;
      others.push({ type: 'unmanagedWrite', at, versionId, proof: 'auditEvent' });
    }
  }
  return [...rotations.values(), ...others, ...lastReencryption(facts, others)]
    .filter(({ at }) => !(Date.parse(at) < from.getTime()))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

type Known = ReadonlyMap<string, RotationEntry>;

/** Anybody who may put events on the bus can write one; the control table has writers of its own. */
function contradicts(
  { intent, rotations: [first] }: RotationAuditEvent,
  record: RotationEntry | undefined,
): boolean {
  if (record?.proof !== 'controlTable') return false;
  const { outcome, trigger } = record;
  return (
    outcome === 'failed' ||
    outcome === 'inProgress' ||
    record.intent !== intent ||
    trigger?.attributed !== first?.triggeredBy.attributed ||
    trigger?.by !== first?.triggeredBy.requestedBy
  );
}

/** An activation is a part of the rotation that published its key; every other rotation stays in the list. */
const isOfItsOwn = (entry: RotationEntry | undefined): boolean =>
  entry?.proof === 'controlTable' && entry.intent !== 'activate';

const isKnown = (
  { versionId, rotations: passes }: RotationAuditEvent,
  { afterRotations }: FactsOfSecret,
  known: Known,
): boolean =>
  [versionId, ...passes.map((pass) => pass.versionId)].some((id) => known.has(id)) ||
  afterRotations.some((record) => record.versionId === versionId);

function audited(event: RotationAuditEvent, isKnownElsewhere: boolean): RotationEntry {
  const [first] = event.rotations;
  const passes = event.rotations;
  const promoted = passes.map((pass) => pass.steps.finishSecret?.at).findLast(Boolean);
  const evidence = [
    ...passes.flatMap((pass) => pass.evidence),
    ...(event.afterRotation.evidence ?? []),
  ];
  return {
    type: 'rotation',
    at: promoted ?? first?.at ?? event.at,
    versionId: event.versionId,
    outcome: event.outcome,
    proof: isKnownElsewhere ? 'auditEvent' : 'auditEventAlone',
    intent: event.intent,
    ...(event.basedOn === null && { firstValue: true }),
    ...(first && { trigger: triggerOf(first.triggeredBy) }),
    ...event.material,
    steps: passes.flatMap((pass) => stepsOf(pass.steps)),
    evidence: toldEvidence(evidence),
    ...(event.reason !== undefined && { problem: event.reason }),
  };
}

type Steps = Readonly<
  Record<string, { readonly outcome: string; readonly milliseconds: number } | undefined>
>;
const order = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

const stepsOf = (steps: Steps): RotationEntry['steps'] =>
  order.flatMap((step) => {
    const run = steps[step];
    return run === undefined
      ? []
      : [{ step, outcome: run.outcome, milliseconds: run.milliseconds }];
  });

function recorded(facts: FactsOfSecret): RotationEntry[] {
  const { rotations, afterRotations, description } = facts;
  const stages = description?.versionIdsToStages ?? {};
  const pending = rotationInProgress(stages);
  const after = new Map(afterRotations.map((record) => [record.versionId, record]));
  // An activation belongs to the version that published the key.
  const publishers = new Set(rotations.map(({ token }) => token));
  const isSecondPass = ({ intent, basedOn }: RotationRecord) =>
    intent === 'activate' && basedOn !== null && publishers.has(basedOn);
  return rotations
    .filter((record) => !isSecondPass(record))
    .map((record) => {
      const activation = rotations.find(
        (other) => isSecondPass(other) && other.basedOn === record.token,
      );
      const own = after.get(record.token);
      const { outcome, problem } = outcomeOf(record, own, pending, currentVersion(stages));
      const passes = activation === undefined ? [record] : [record, activation];
      return {
        type: 'rotation',
        at: passes.map((pass) => pass.steps.finishSecret?.at).findLast(Boolean) ?? record.at,
        versionId: record.token,
        outcome,
        proof: 'controlTable',
        intent: record.intent,
        ...(record.basedOn === null && { firstValue: true }),
        trigger: triggerOf(record.provenance),
        ...(own?.primary !== undefined && { primary: own.primary }),
        ...(own?.replaced !== undefined && { replaced: own.replaced }),
        steps: passes.flatMap((pass) => stepsOf(pass.steps)),
        evidence: toldEvidence(passes.flatMap((pass) => pass.evidence)),
        ...(problem !== undefined && { problem }),
      };
    });
}

function outcomeOf(
  { token, steps, failure }: RotationRecord,
  after: AfterRotationRecord | undefined,
  pending: string | undefined,
  current: string | undefined,
): Pick<RotationEntry, 'outcome' | 'problem'> {
  const problem =
    failure === undefined
      ? undefined
      : `${failure.step} failed with ${failure.code}: ${failure.message}`;
  if (token === pending) {
    return failure === undefined ? { outcome: 'inProgress' } : { outcome: 'failed', problem };
  }
  const promoted = token === current || after !== undefined || steps.finishSecret !== undefined;
  if (!promoted) {
    return { outcome: 'failed', problem: problem ?? 'it was given up before AWSCURRENT moved' };
  }
  if (after?.state === 'stopped') {
    return { outcome: 'stopped', problem: after.reason ?? 'no reason was recorded' };
  }
  return { outcome: after === undefined || after.state === 'finished' ? 'rotated' : 'following' };
}

/** A label is carried over to the version that activates a published key, so the oldest instant names a generation. */
function labelled({ description, rotations }: FactsOfSecret, now: Date): RotationEntry[] {
  const stages = description?.versionIdsToStages ?? {};
  const known = new Set(rotations.map(({ token }) => token));
  const seen = new Set<string>();
  return Object.keys(stages)
    .filter((versionId) => !known.has(versionId))
    .flatMap((versionId) =>
      dateLabelsOf(versionId, stages).flatMap((label) => {
        const parsed = parseDateLabel(label, now);
        if (!parsed.ok || seen.has(label)) return [];
        seen.add(label);
        return [
          {
            type: 'rotation' as const,
            at: parsed.at.toISOString(),
            versionId,
            outcome: 'rotated' as const,
            proof: 'dateLabel' as const,
            steps: [],
            evidence: [],
          },
        ];
      }),
    );
}

/** Of a version nothing else is known of: the records tell a failure themselves, and what became of it. */
function failed(event: AuditEvent, { rotations }: FactsOfSecret): RotationEntry[] {
  if (event.type !== 'credential-rotation-failed') return [];
  const { versionId, intent, failure, since }: FailedNotice = event;
  if (rotations.some(({ token }) => token === versionId)) return [];
  return [
    {
      type: 'rotation',
      at: since,
      versionId,
      outcome: 'failed',
      proof: 'auditEvent',
      intent,
      steps: [],
      evidence: [],
      problem:
        failure === undefined
          ? 'it did not end in time'
          : `${failure.step} failed with ${failure.code}: ${failure.message}`,
    },
  ];
}

function reencrypted(event: ReencryptionAuditEvent): ReencryptionEntry {
  const sum = (of: 'rewritten' | 'opened' | 'quarantined' | 'remaining') =>
    event.columns.reduce((total, column) => total + column[of], 0);
  return {
    type: 'reencryption',
    at: event.at,
    versionId: event.versionId,
    outcome: event.outcome,
    targetKid: event.targetKid,
    ...(event.columns.length > 0 && {
      values: {
        rewritten: sum('rewritten'),
        opened: sum('opened'),
        quarantined: sum('quarantined'),
        remaining: sum('remaining'),
      },
    }),
    findings: [...event.findings],
    proof: 'auditEvent',
  };
}

/** The job's record, where no event tells of it. */
function lastReencryption(
  { reencryption }: FactsOfSecret,
  others: readonly HistoryEntry[],
): ReencryptionEntry[] {
  if (reencryption === undefined) return [];
  const { state, versionId, targetKid, at, verifiedAt, findings } = reencryption;
  if (state !== 'verified' && state !== 'unproven' && state !== 'stopped') return [];
  const isTold = others.some(
    (entry) =>
      entry.type === 'reencryption' && entry.targetKid === targetKid && entry.outcome === state,
  );
  if (isTold) return [];
  return [
    {
      type: 'reencryption',
      at: verifiedAt ?? at,
      versionId,
      outcome: state,
      targetKid,
      findings: [...findings],
      proof: 'controlTable',
    },
  ];
}

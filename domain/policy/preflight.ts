/**
 * May this rotation start now? One answer for everybody who asks: cadence, the CLI and the state machines
 * before they call RotateSecret, and createSecret again, because the console's button and the native rule
 * reach us only there. A refusal found after RotateSecret leaves AWSPENDING behind and blocks the next
 * caller, so it is asked before.
 *
 * Refused for
 * 1. everybody: a lease of another token; a rotation in progress under another token
 * 2. activate:  unless AWSCURRENT is the version that published the key, and that key is the one named
 * 3. planned and activate: rotation is switched off (RotateSecret would silently switch it on again)
 * 4. planned:   not armed; never adopted (its owners were not asked what would be lost); the AfterRotation of AWSCURRENT due or running; a published key that waits for
 *               activation; a re-encryption that is active
 * Rollback and emergency meet the first rule only.
 */
import {
  currentVersion,
  dateLabelsOf,
  rotationInProgress,
  type VersionIdsToStages,
} from './labels.ts';

export interface Situation {
  readonly intent: 'planned' | 'activate' | 'rollback' | 'emergency';
  readonly armed: boolean;
  /** Is the adoption of an existing secret recorded? Absent: a secret that this deployment made. */
  readonly adopted?: boolean | undefined;
  /** From DescribeSecret, never from ListSecrets: a list may be five minutes old (API_ListSecrets). */
  readonly describe: {
    readonly rotationEnabled: boolean;
    readonly versionIdsToStages: VersionIdsToStages;
  };
  /** The ClientRequestToken of this rotation; its own AWSPENDING and its own lease do not refuse it. */
  readonly token?: string | undefined;
  /** Intent activate: what the intent record names. */
  readonly activate?: { readonly versionId: string; readonly kid: string } | undefined;
  /** The AfterRotation of AWSCURRENT; absent when that version was not made by a rotation of ours. */
  readonly afterRotation?: AfterRotationOfCurrent | undefined;
  readonly lease?:
    | { readonly token: string; readonly owner: string; readonly expiresAt: string }
    | undefined;
  /** The re-encryption of its rows, as the control table has it. */
  readonly reencryption?: ReencryptionOfRows | undefined;
  readonly now: Date;
}

export interface ReencryptionOfRows {
  readonly state: 'due' | 'active' | 'verified' | 'unproven' | 'stopped' | 'closed';
  readonly targetKid: string;
  readonly rowsLeft?: readonly { readonly columnId: string; readonly rows: number }[] | undefined;
}

export interface AfterRotationOfCurrent {
  readonly versionId: string;
  readonly state: 'due' | 'running' | 'finished' | 'stopped';
  readonly publishedKid?: string | undefined;
  readonly reason?: string | undefined;
}

export type RefusalCode =
  | 'ERR_ROTATION_LEASED'
  | 'ERR_ROTATION_IN_PROGRESS'
  | 'ERR_ROTATION_DISABLED'
  | 'ERR_ROTATION_NOT_ACTIVATABLE'
  | 'ERR_ROTATION_NOT_ARMED'
  | 'ERR_ROTATION_NOT_ADOPTED'
  | 'ERR_ROTATION_AFTER_ROTATION_PENDING'
  | 'ERR_ROTATION_KEY_AWAITS_ACTIVATION'
  | 'ERR_ROTATION_REENCRYPTION_ACTIVE';

/** What was found, what was expected, and what to do. Never holds a value: versions, kids and tokens only. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

type Rule = (situation: Situation) => Refusal | undefined;

const everybody: readonly Rule[] = [leaseOfAnother, rotationOfAnother];

const rules: Record<Situation['intent'], readonly Rule[]> = {
  planned: [
    ...everybody,
    notArmed,
    notAdopted,
    rotationOff,
    keyAwaitsActivation,
    afterRotationPending,
    reencryptionActive,
  ],
  activate: [...everybody, rotationOff, notActivatable],
  rollback: everybody,
  emergency: everybody,
};

/** The first reason why this rotation must not start, or undefined when it may. */
export function preflight(situation: Situation): Refusal | undefined {
  for (const rule of rules[situation.intent]) {
    const refusal = rule(situation);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function leaseOfAnother({ lease, token, now }: Situation): Refusal | undefined {
  if (lease === undefined || lease.token === token) return undefined;
  // Written so that an unreadable expiry keeps the lease standing.
  if (new Date(lease.expiresAt).getTime() <= now.getTime()) return undefined;
  return {
    code: 'ERR_ROTATION_LEASED',
    message: `${lease.owner} holds this secret for rotation ${lease.token} until ${lease.expiresAt}; expected no lease, or one of this rotation. Wait for it to end, or look at that execution.`,
  };
}

function rotationOfAnother({ describe, token }: Situation): Refusal | undefined {
  const pending = rotationInProgress(describe.versionIdsToStages);
  if (pending === undefined || pending === token) return undefined;
  return {
    code: 'ERR_ROTATION_IN_PROGRESS',
    message: `Rotation ${pending} is in progress: AWSPENDING is on that version, expected it to be absent or on AWSCURRENT. Secrets Manager tries it again by itself; rollback and emergency clear it first.`,
  };
}

function notArmed({ armed }: Situation): Refusal | undefined {
  if (armed) return undefined;
  return {
    code: 'ERR_ROTATION_NOT_ARMED',
    message:
      'The secret is not armed; a planned rotation expects an armed one. Run `quarterturn adopt`, set `armed: true` in rotation.config.ts and deploy.',
  };
}

/** What has a date label was rotated before, by whatever release. */
function notAdopted({ adopted, describe }: Situation): Refusal | undefined {
  const stages = describe.versionIdsToStages;
  const wasRotated = Object.keys(stages).some((id) => dateLabelsOf(id, stages).length > 0);
  if (adopted !== false || wasRotated) return undefined;
  return {
    code: 'ERR_ROTATION_NOT_ADOPTED',
    message:
      'The secret is armed, and its adoption is not recorded; expected `quarterturn adopt` first, which says what a rotation would break. Run it, then rotate.',
  };
}

function rotationOff({ describe }: Situation): Refusal | undefined {
  if (describe.rotationEnabled) return undefined;
  return {
    code: 'ERR_ROTATION_DISABLED',
    message:
      'Rotation of the secret is switched off (CancelRotateSecret, or no rotation function); expected it to be enabled. Deploy the stack again, or find out who switched it off.',
  };
}

function keyAwaitsActivation({ afterRotation }: Situation): Refusal | undefined {
  if (afterRotation?.publishedKid === undefined || afterRotation.state === 'finished') {
    return undefined;
  }
  const { publishedKid, versionId, state } = afterRotation;
  return {
    code: 'ERR_ROTATION_KEY_AWAITS_ACTIVATION',
    message: `Key ${publishedKid}, published by version ${versionId}, waits for activation (AfterRotation: ${state}${because(afterRotation)}); expected no such key. ${
      state === 'stopped'
        ? 'Resume that AfterRotation, or roll back.'
        : 'Wait until that AfterRotation has finished.'
    }`,
  };
}

function afterRotationPending({ afterRotation }: Situation): Refusal | undefined {
  if (afterRotation?.state !== 'due' && afterRotation?.state !== 'running') return undefined;
  return {
    code: 'ERR_ROTATION_AFTER_ROTATION_PENDING',
    message: `The AfterRotation of version ${afterRotation.versionId} is ${afterRotation.state}; expected it to be finished. Wait for it.`,
  };
}

/** Quarantined rows and stores without a word for them keep a key from leaving, not the cadence. */
const unfinished: readonly string[] = ['due', 'active', 'stopped'];

function reencryptionActive({ reencryption }: Situation): Refusal | undefined {
  if (reencryption === undefined || !unfinished.includes(reencryption.state)) return undefined;
  const { state, targetKid, rowsLeft } = reencryption;
  return {
    code: 'ERR_ROTATION_REENCRYPTION_ACTIVE',
    message: `The re-encryption toward key ${targetKid} is ${state}; expected it to have rewritten every row. ${leftIn(rowsLeft)} ${
      state === 'stopped'
        ? 'Look at it: quarterturn reencrypt status; then quarterturn reencrypt resume.'
        : 'Wait for it: quarterturn reencrypt status.'
    }`,
  };
}

function leftIn(rowsLeft: ReencryptionOfRows['rowsLeft']): string {
  if (rowsLeft === undefined) return 'How many rows are left is not counted yet.';
  const places = rowsLeft.filter(({ rows }) => rows > 0);
  const total = places.reduce((sum, { rows }) => sum + rows, 0);
  if (total === 0) return 'No row is left to rewrite; it is being verified.';
  return `${total} values are left: ${places.map(({ columnId, rows }) => `${rows} in ${columnId}`).join(', ')}.`;
}

function notActivatable({ activate, afterRotation, describe }: Situation): Refusal | undefined {
  const current = currentVersion(describe.versionIdsToStages);
  const published = afterRotation?.versionId === current ? afterRotation?.publishedKid : undefined;
  if (activate !== undefined && activate.versionId === current && activate.kid === published) {
    return undefined;
  }
  return {
    code: 'ERR_ROTATION_NOT_ACTIVATABLE',
    message: `The intent names ${
      activate === undefined ? 'no key' : `key ${activate.kid} of version ${activate.versionId}`
    }; AWSCURRENT is ${current ?? 'absent'} and its published key is ${published ?? 'none'}. Only the published key of AWSCURRENT is activated, by its AfterRotation.`,
  };
}

function because({ reason }: AfterRotationOfCurrent): string {
  return reason === undefined ? '' : `, ${reason}`;
}

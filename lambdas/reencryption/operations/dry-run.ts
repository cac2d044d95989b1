/** What a job would meet and do. Reads only, every declared table to its end. */

import type { CipherKey } from '../../../domain/ciphertext/keys.ts';
import {
  type ReencryptionDryRun,
  reencryptionDryRunSchema,
} from '../../../domain/events/reencryption.ts';
import { currentKeyset, keyRing, targetOf } from '../current-keyset.ts';
import type { Tools } from '../doors.ts';
import { rowsLeft } from '../ledger.ts';
import { dryPlan } from '../plan.ts';
import { preflight } from '../preflight.ts';
import { withLedger } from '../rows-login.ts';
import { signedOffOf } from '../sign-off.ts';

export async function dryRun(tools: Tools): Promise<ReencryptionDryRun> {
  const {
    secretName: secret,
    columns,
    cipherOf,
    mode,
    planLimits,
    engines,
    neighbours,
  } = tools.deployed;
  const { keyset } = await currentKeyset(tools);
  const open = keyRing(keyset, tools.clock.now());
  const target = open.find(targetOf(keyset, mode).kid) ?? missing();
  const ciphers = { cipherOf, keys: { target, open, random: tools.random } };
  return withLedger(tools, async (session) => {
    const signedOff = await signedOffOf(session, secret);
    const findings = await preflight(session, columns, ciphers, { engines, neighbours, signedOff });
    // What cannot be walked or read is told by the findings; there is nothing to plan or count of it.
    const isSound = findings.every(({ level }) => level !== 'blocks');
    const leaves = isSound ? await dryPlan(session, columns, planLimits) : [];
    const left = isSound ? await rowsLeft(session, columns, ciphers) : [];
    return reencryptionDryRunSchema.parse({
      secret,
      targetKid: target.kid,
      findings,
      leaves: leaves.map(({ leaf, walk, rowsEstimated, bounds }) => ({
        leaf,
        walk,
        rowsEstimated,
        ranges: bounds.length + 1,
      })),
      rowsLeft: left.map(({ columnId, leaf, kid, rows }) => ({
        columnId,
        leaf,
        ...(kid !== undefined && { kid }),
        rows,
      })),
    } satisfies ReencryptionDryRun);
  });
}

function missing(): CipherKey {
  throw new TypeError('The target key is always one of the keys that open.');
}

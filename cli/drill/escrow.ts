/**
 * `quarterturn drill --escrow <secret>`: restores rows from escrow alone, by a function that has no right on the
 * secret itself, and says what it found. Changes nothing.
 */
import type { ManifestSecret } from '../../domain/config/manifest.ts';
import {
  type DrillAnswer,
  type DrilledColumn,
  type DrillRequest,
  drillAnswerSchema,
} from '../../domain/events/drill.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import { type ExitCode, exitCodes, type OpenDeployment, type Terminal } from '../command.ts';
import { DrillAnswerError, NoDrillError, UsageError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { table } from '../table.ts';

export interface EscrowDrill {
  readonly secret: string;
  readonly versionId?: string | undefined;
  readonly rowsPerColumn?: number | undefined;
  readonly json: boolean;
}

const exitCodeOf: Record<DrillAnswer['outcome'], ExitCode> = {
  restored: exitCodes.ok,
  nothingSealed: exitCodes.ok,
  failed: exitCodes.failed,
};

/** @throws UnknownSecretError, NoDrillError, DrillAnswerError, FunctionFailedError, AwsCallError */
export async function restoreFromEscrow(
  deployment: OpenDeployment,
  { secret, versionId: asked, rowsPerColumn, json }: EscrowDrill,
  terminal: Terminal,
): Promise<ExitCode> {
  const { drill, name: secretName } = drilled(findSecret(deployment.manifest, secret));
  const versionId = asked ?? (await current(deployment, secretName, terminal));
  const request: DrillRequest = {
    ...(versionId !== undefined && { versionId }),
    ...(rowsPerColumn !== undefined && { rowsPerColumn }),
  };
  const given = await deployment.functions.invoke(drill, request);
  const answer = readAs(drillAnswerSchema, given);
  if (!answer.success) {
    throw new DrillAnswerError(
      `${drill} answered in another shape (at "${answer.error.issues[0]?.path.join('.')}"); expected the answer of this release. Deploy the stack with this release, or use the release it was deployed with.`,
    );
  }
  if (json) terminal.out(JSON.stringify(answer.data, null, 2));
  else for (const line of rendered(answer.data, terminal)) terminal.out(line);
  return exitCodeOf[answer.data.outcome];
}

/** @throws UsageError */
export function rowsIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rows = Number(text);
  if (/^\d{1,4}$/.test(text) && rows >= 1 && rows <= 1_000) return rows;
  throw new UsageError(`--rows is "${text.slice(0, 20)}"; expected a number from 1 to 1000.`);
}

function drilled(secret: ManifestSecret): { name: string; drill: string } {
  if (secret.kind !== 'encryption') {
    throw new NoDrillError(
      `"${secret.key}" is of kind ${secret.kind}; expected an encryption secret: only its keysets are in escrow.`,
    );
  }
  if (secret.drill === undefined) {
    throw new NoDrillError(
      `"${secret.key}" declares no columns, so there are no rows to restore; expected \`columns\` and \`database\` in rotation.config.ts. Its copies are in escrow all the same: docs/escrow.md.`,
    );
  }
  return { name: secret.name, drill: secret.drill };
}

/** Labels only. Where the secret is gone, or out of reach, the newest copy is all there is to go by. */
async function current(
  { secretsManager }: OpenDeployment,
  secretName: string,
  terminal: Terminal,
): Promise<string | undefined> {
  try {
    const { versionIdsToStages } = await secretsManager.describe(secretName);
    return currentVersion(versionIdsToStages);
  } catch (error) {
    if (!(error instanceof AwsCallError)) throw error;
    terminal.err(
      `Which version is AWSCURRENT is not known (${error.awsCode}): the newest copy in escrow is used.`,
    );
    return undefined;
  }
}

function rendered(answer: DrillAnswer, { columns: width }: Terminal): string[] {
  const { copy, columns, kidsMissing, secretName } = answer;
  return [
    `Copy of ${secretName}, version ${copy.versionId}`,
    `made ${copy.createdAt}, stored ${copy.storedAt}, ${copy.bytes} bytes; ${answer.keys.length} keys; ${copy.copies} versions in escrow`,
    '',
    ...table(
      [
        { title: 'column', cell: ({ id }: DrilledColumn) => id },
        { title: 'sealed', cell: ({ sampled }) => String(sampled), align: 'right' },
        { title: 'opened', cell: ({ opened }) => String(opened), align: 'right' },
        {
          title: 'keys',
          cell: ({ kids }) => kids.map(({ kid, count }) => `${kid} (${count})`).join(', '),
          optional: true,
        },
      ],
      columns,
      width,
    ),
    '',
    ...columns.flatMap(findings),
    ...kidsMissing.map(
      (kid) => `Key ${kid} is not in the copy: rows sealed with it cannot be restored from it.`,
    ),
    conclusion(answer),
  ];
}

function findings({ id, sampled, refused, problem }: DrilledColumn): string[] {
  return [
    ...refused.map(({ code, count }) => `${id}: ${count} of ${sampled} do not open (${code})`),
    ...(problem === undefined ? [] : [`${id}: ${problem}`]),
  ];
}

function conclusion({ outcome, columns }: DrillAnswer): string {
  const sum = (of: 'sampled' | 'opened') => columns.reduce((total, each) => total + each[of], 0);
  const counts = `${sum('opened')} of ${sum('sampled')} sealed values opened with the keys in escrow alone`;
  switch (outcome) {
    case 'restored':
      return `Restored: ${counts}.`;
    case 'nothingSealed':
      return 'Nothing is proven: no declared column holds a sealed value.';
    case 'failed':
      return `Not restored: ${counts}. What to do: docs/escrow.md, "When a drill fails".`;
  }
}

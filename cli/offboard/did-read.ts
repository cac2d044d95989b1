/** Which secrets a principal did read: the access audit is asked, again and again until it is done. */
import {
  type AccessAudit,
  type AccessQuestion,
  accessAnswerSchema,
} from '../../domain/events/access-audit.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { OffboardingReport } from '../../domain/reports/offboarding-report.ts';
import type { OpenDeployment } from '../command.ts';
import { FunctionAnswerError } from '../errors.ts';

export type DidRead = OffboardingReport['audits'][number];

const pauseMilliseconds = 2_000;
/** Event history answers two requests a second, fifty events each: 45,000 of them. */
const mostMilliseconds = 15 * 60_000;
/** Of one question (`accessQuestionSchema`). */
const mostSecrets = 50;

/** What cannot be asked is told, and keeps nothing from being rotated. @returns one for each fifty secrets */
export async function didRead(
  deployment: OpenDeployment,
  principal: string,
  since: string,
  say: (line: string) => void,
): Promise<DidRead[]> {
  const keys = deployment.manifest.secrets.map(({ key }) => key);
  const found: DidRead[] = [];
  for (let at = 0; at < keys.length; at += mostSecrets) {
    const secrets = keys.slice(at, at + mostSecrets);
    found.push(await ofSecrets(deployment, { principal, since, secrets }, say));
  }
  return found;
}

type Asked = Pick<AccessQuestion, 'since' | 'secrets'> & { principal: string };

async function ofSecrets(
  deployment: OpenDeployment,
  asked: Asked,
  say: (line: string) => void,
): Promise<DidRead> {
  const { manifest } = deployment;
  const { principal } = asked;
  if (manifest.emergency === undefined) {
    const message =
      'the deployment is older than the access audit; expected one of this release. Deploy the stack with it.';
    return { principal, problem: { code: 'ERR_ROTATION_ACCESS_AUDIT_MISSING', message } };
  }
  try {
    const audit = await ask(deployment, manifest.emergency.accessAudit, asked, say);
    return { principal, audit };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' || !code.startsWith('ERR_ROTATION_')) throw error;
    return { principal, problem: { code, message: String(message) } };
  }
}

async function ask(
  { functions, clock }: OpenDeployment,
  functionName: string,
  asked: Asked,
  say: (line: string) => void,
): Promise<AccessAudit> {
  const begun = clock.now();
  const question: AccessQuestion = {
    operation: 'readers',
    ...asked,
    until: begun.toISOString(),
  };
  let progress: unknown;
  for (;;) {
    const answer = readAs(
      accessAnswerSchema,
      await functions.invoke(functionName, {
        ...question,
        ...(progress !== undefined && { progress }),
      }),
    );
    if (!answer.success) {
      const [issue] = answer.error.issues;
      throw new FunctionAnswerError(functionName, issue?.path.join('.') ?? '');
    }
    if (answer.data.done) return answer.data.audit;
    ({ progress } = answer.data);
    if (clock.now().getTime() - begun.getTime() >= mostMilliseconds) {
      throw new AuditTooLongError(answer.data.seen);
    }
    say(`Looking who read what: ${answer.data.seen} events so far.`);
    await clock.sleep(pauseMilliseconds);
  }
}

class AuditTooLongError extends Error {
  override readonly name = 'AuditTooLongError';
  readonly code = 'ERR_ROTATION_ACCESS_AUDIT_TOO_LONG';
  constructor(seen: number) {
    super(
      `The access audit has seen ${seen} events in ${mostMilliseconds / 60_000} minutes and is not done; expected it to be. Ask for a shorter time (--since), or configure a trail (docs/access-audit.md).`,
    );
  }
}

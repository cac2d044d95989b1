/**
 * A rotation function, step by step: AWS's own template without a target behind it.
 * @see https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas SecretsManagerRotationTemplate
 */
import { type Answer, CURRENT, PENDING, type Request } from './requests.ts';
import type { Step } from './secret-state.ts';

/** What it does when the service calls it. */
export type Behaviour =
  /** Answers, and does nothing: a rotation that never promotes. */
  'nothing' | 'template' | { fails: Step; when: 'before' | 'after' };

export class FunctionFailedError extends Error {
  override readonly name = 'FunctionFailedError';
}

export type Ask = (request: Request) => Promise<Answer>;

interface Described {
  stages: Readonly<Record<string, readonly string[]>>;
  rotation: boolean | null;
}

/** @param generated how many values were made so far: each is another one. @throws FunctionFailedError as the template raises */
export async function templateStep(
  step: Step,
  token: string,
  ask: Ask,
  generated: () => number,
): Promise<void> {
  const { stages, rotation } = outputOf<Described>(await ask({ op: 'describe' }));
  if (rotation !== true) {
    throw new FunctionFailedError('Secret is not enabled for rotation');
  }
  if (stages[token] === undefined) {
    throw new FunctionFailedError('Secret version has no stage for rotation');
  }
  if (stages[token].includes(CURRENT)) {
    return;
  }
  if (!stages[token].includes(PENDING)) {
    throw new FunctionFailedError('Secret version not set as AWSPENDING for rotation');
  }
  if (step === 'createSecret') {
    outputOf(await ask({ op: 'get', stage: CURRENT }));
    const pending = await ask({ op: 'get', id: token, stage: PENDING });
    if ('error' in pending && pending.error === 'ResourceNotFoundException') {
      const value = `generated ${generated()}`;
      outputOf(await ask({ op: 'put', token, value, stages: [PENDING] }));
    }
  }
  if (step === 'finishSecret') {
    const from = Object.keys(stages).find((id) => stages[id]?.includes(CURRENT));
    outputOf(await ask({ op: 'stage', label: CURRENT, to: token, ...(from && { from }) }));
  }
}

/** What the service's call meets. @throws FunctionFailedError */
export async function behave(
  behaviour: Behaviour,
  step: Step,
  token: string,
  ask: Ask,
  generated: () => number,
): Promise<void> {
  const fails = typeof behaviour === 'object' && behaviour.fails === step ? behaviour : undefined;
  if (fails?.when !== 'before' && behaviour !== 'nothing') {
    await templateStep(step, token, ask, generated);
  }
  if (fails !== undefined) {
    throw new FunctionFailedError('as scripted');
  }
}

function outputOf<T>(answer: Answer): T {
  if ('error' in answer) {
    throw new FunctionFailedError(answer.error);
  }
  return answer.ok as T;
}

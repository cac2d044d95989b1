/**
 * The service's side of a rotation in the reference model: which step it may call next, and what it does when the
 * function has answered. Each answers the states that are possible; none: the service did what its pages exclude.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
import { CURRENT, PENDING } from './requests.ts';
import { copyOf, held, moved, type Run, type Secret, type Step, steps } from './secret-state.ts';

/** The four steps in their order, each after the one before has succeeded; testSecret alone for a configuration test. */
export function invoked(s: Secret, step: Step, token: string): Secret[] {
  const { run } = s;
  if (run === undefined || run.token !== token || run.busy || run.over) {
    return [];
  }
  if (run.test) {
    return step === 'testSecret' && run.tried === 0 ? [running(s, { ...run, busy: true })] : [];
  }
  // Again from createSecret with the same token: the service "retries the entire rotation process", nobody says when.
  const begins = step === 'createSecret' && s.rotation === 'on' && s.due === undefined;
  return step === run.next && (begins || step !== 'createSecret')
    ? [running(s, { ...run, busy: true })]
    : [];
}

export function returned(s: Secret, step: Step, token: string, failed: boolean): Secret[] {
  const { run } = s;
  if (run === undefined || run.token !== token || !run.busy) {
    // Cancelled or abandoned in the meantime.
    return [s];
  }
  if (run.test) {
    return testEnded(s, token);
  }
  if (run.over) {
    return [ended(s)];
  }
  const following = steps[steps.indexOf(step) + 1];
  if (!failed && following !== undefined) {
    return [running(s, { ...run, next: following, busy: false })];
  }
  if (!failed && held(s, CURRENT) === token) {
    return finished(s, token);
  }
  return [running(s, { ...run, next: 'createSecret', tried: run.tried + 1, busy: false })];
}

/** Nothing is under way any more: a rotation that was taken on has been tried, and no attempt stands half done. */
export function rested(s: Secret): Secret[] {
  const { run } = s;
  const owed = run !== undefined && (run.busy || run.tried === 0 || run.next !== 'createSecret');
  return owed ? [] : [s];
}

/** "AWSPENDING […] might be attached to the same version as the AWSCURRENT version, or it might not" (API_RotateSecret). */
function finished(s: Secret, token: string): Secret[] {
  const kept = ended(s);
  if (held(s, PENDING) !== token) {
    return [kept];
  }
  const stripped = copyOf(kept);
  moved(stripped, PENDING, undefined);
  return [kept, stripped];
}

/** "This test creates an AWSPENDING version of the secret and then removes it" (API_RotateSecret). */
function testEnded(s: Secret, token: string): Secret[] {
  const after = copyOf(ended(s));
  const labels = after.versions[token]?.labels ?? [];
  if (labels.includes(CURRENT)) {
    return [after];
  }
  const unlabelled = copyOf(after);
  moved(unlabelled, PENDING, undefined);
  delete after.versions[token];
  // Somebody gave it a label of his own meanwhile: no page says what becomes of that.
  return labels.some((label) => label !== PENDING) ? [after, unlabelled] : [after];
}

const running = (s: Secret, run: Run): Secret => ({ ...s, run });
const ended = ({ run, ...rest }: Secret): Secret => rest;

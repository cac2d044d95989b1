/** Faults at the invocations of a machine: between the state and its function, where no code of ours runs. */
import type { Bench } from '../../sandbox/step-functions/machine.ts';
import { type FaultyCalls, lambdaFailure } from './faulty-calls.ts';

/**
 * @param meanwhile what the world outside does before a function is reached
 */
export function faultyInvocations(
  bench: Bench,
  calls: FaultyCalls,
  meanwhile: (payload: never) => Promise<void> = async () => undefined,
): void {
  const invoke = bench.lambda.invoke.bind(bench.lambda);
  bench.lambda.invoke = async (caller, functionName, payload) => {
    await meanwhile(payload as never);
    const { task, operation } = (payload ?? {}) as { task?: string; operation?: string };
    const name = task ?? operation ?? functionName.split(':').at(-1) ?? '';
    try {
      return await calls.invoked(name, () => invoke(caller, functionName, payload), lambdaFailure);
    } catch (error) {
      const { name: errorType, message: errorMessage } = error as Error;
      const thrown = { errorType, errorMessage, trace: [] };
      return { payload: JSON.stringify(thrown), functionError: 'Unhandled' };
    }
  };
}

/**
 * Lambda functions: their description is changed, and execution environments from before get no further invocation.
 * Of a function that is invoked by a published version or an alias nothing is restarted: versions do not change.
 */
import type { FunctionDescriptionDoor } from '../../../doors/function-description.ts';
import type { ConsumerPlatform, Target } from '../platform.ts';

export interface LambdaTools {
  functions: FunctionDescriptionDoor;
}

const mark = /\s*\[quarterturn [^\]]*\]$/;
/** Of a description (API_UpdateFunctionConfiguration). */
const mostCharacters = 256;

/** What its people wrote stays in front. */
export function marked(description: string, at: Date): string {
  const own = ` [quarterturn ${at.toISOString()}]`;
  return `${description.replace(mark, '').slice(0, mostCharacters - own.length)}${own}`.trim();
}

export function lambdaPlatform({ functions }: LambdaTools): ConsumerPlatform<Target<'lambda'>> {
  return {
    async restart({ function: name }, { at }) {
      const { description, lastUpdateStatus, revisionId } = await functions.look(name);
      const wanted = marked(description, at);
      if (description === wanted) return { id: at.toISOString() };
      const done =
        lastUpdateStatus === 'InProgress'
          ? 'busy'
          : await functions.describe(name, wanted, revisionId);
      return done === 'busy'
        ? { waiting: `another update of function ${name} is under way` }
        : { id: at.toISOString() };
    },

    async look({ function: name }) {
      const { lastUpdateStatus, lastUpdateReason } = await functions.look(name);
      const why = lastUpdateReason === undefined ? '' : ` (${lastUpdateReason})`;
      return {
        state:
          lastUpdateStatus === 'Successful'
            ? 'steady'
            : lastUpdateStatus === 'Failed'
              ? 'failed'
              : 'inProgress',
        detail: `the last update of ${name} is ${lastUpdateStatus}${why}`,
      };
    },
  };
}

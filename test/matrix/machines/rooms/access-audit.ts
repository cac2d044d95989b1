import type { AccessAnswer } from '../../../../domain/events/access-audit.ts';
import type { AthenaDoor } from '../../../../doors/athena.ts';
import { auditAccess } from '../../../../lambdas/access-audit/audit.ts';
import type { AccessAuditDoors } from '../../../../lambdas/access-audit/doors.ts';
import type { recordedLog } from '../../../doors/recorded.ts';
import { deployed, doorsOf, theDay } from '../../../lambdas/access-audit/pharmacy-audit.ts';
import type { Invocation } from '../faulty-calls.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

/** Queries that find nothing; by their token started once (API_StartQueryExecution). */
function athena(): AthenaDoor & { started: Map<string, string> } {
  const started = new Map<string, string>();
  return {
    started,
    async start(sql, token) {
      started.set(token, sql);
      return token;
    },
    look: async (id) => ({ state: 'succeeded', sql: started.get(id) ?? '' }),
    async *rows() {
      yield [];
    },
    stop: async () => undefined,
  };
}

/** Rows come in pages: the call is the first of them. */
function faulty(at: Invocation, doors: AccessAuditDoors): AccessAuditDoors {
  const { trail } = doors;
  return {
    ...faultyDoors(at, { ...doors, trail: undefined }),
    trail: trail && {
      ...faultyDoors(at, { trail }).trail,
      rows: (id) => pagesOf(at.call('trail.rows', async () => trail.rows(id))),
    },
  };
}
async function* pagesOf<One>(asked: Promise<AsyncIterable<One>>): AsyncIterable<One> {
  yield* await asked;
}

function world(trail: ReturnType<typeof athena> | undefined): FunctionWorld {
  const doors = doorsOf({ trail });
  let progress: unknown;
  let answer: AccessAnswer | undefined;
  return {
    // A state machine asks again with its progress until it is done.
    invoke: async (at) => {
      do {
        answer = await auditAccess(faulty(at, doors), deployed, {
          ...theDay,
          ...(progress !== undefined && { progress }),
        });
        progress = answer.done ? undefined : JSON.parse(JSON.stringify(answer.progress));
      } while (!answer.done);
      return answer;
    },
    outcome: () => {
      if (answer?.done !== true) return 'not done';
      const { at: _, ...audit } = answer.audit;
      return audit;
    },
    told: () => (doors.log as ReturnType<typeof recordedLog>).lines,
  };
}

export const accessAudit: readonly FunctionCase[] = [
  { name: 'history', start: () => world(undefined) },
  { name: 'trail', start: () => world(athena()) },
];

/** One execution of a query, from its start to its results or its failure. */
import type { Place } from './objects.ts';
import type { QueryResults } from './results.ts';
import type { ResultConfiguration, WorkGroup } from './workgroup.ts';

export type QueryState = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export interface QueryExecution {
  id: string;
  group: WorkGroup;
  query: string;
  parameters: readonly string[];
  database: string | undefined;
  results: ResultConfiguration;
  /** The file of its results; absent where Athena keeps them itself. */
  file?: Place | undefined;
  state: QueryState;
  reason?: string;
  submitted: Date;
  completed?: Date;
  scannedBytes: number;
  rows?: QueryResults;
}

export const isOver = ({ state }: QueryExecution): boolean =>
  state !== 'QUEUED' && state !== 'RUNNING';

/** As GetQueryExecution tells it. */
export function describeExecution(execution: QueryExecution): Record<string, unknown> {
  const { id, group, query, parameters, database, results, file, state, reason } = execution;
  const { submitted, completed, scannedBytes } = execution;
  const took = (completed ?? submitted).getTime() - submitted.getTime();
  return {
    QueryExecutionId: id,
    Query: query,
    StatementType: 'DML',
    ...(file === undefined
      ? { ManagedQueryResultsConfiguration: { Enabled: true } }
      : {
          ResultConfiguration: { ...results, OutputLocation: `s3://${file.bucket}/${file.key}` },
        }),
    QueryExecutionContext: {
      ...(database !== undefined && { Database: database }),
      Catalog: 'awsdatacatalog',
    },
    Status: {
      State: state,
      SubmissionDateTime: submitted,
      ...(completed && { CompletionDateTime: completed }),
      ...(reason !== undefined && { StateChangeReason: reason }),
      // "1 - System, 2 - User, 3 - Other" (API_AthenaError).
      ...(state === 'FAILED' && {
        AthenaError: { ErrorCategory: 2, Retryable: false, ErrorMessage: reason },
      }),
    },
    Statistics: {
      EngineExecutionTimeInMillis: took,
      DataScannedInBytes: scannedBytes,
      TotalExecutionTimeInMillis: took,
      QueryQueueTimeInMillis: 0,
      ServiceProcessingTimeInMillis: 0,
    },
    WorkGroup: group.name,
    EngineVersion: engineVersion,
    ExecutionParameters: parameters.length === 0 ? undefined : parameters,
  };
}

export const engineVersion = {
  SelectedEngineVersion: 'AUTO',
  EffectiveEngineVersion: 'Athena engine version 3',
};

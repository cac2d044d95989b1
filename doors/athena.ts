/**
 * The door to Athena: one workgroup, whose settings are its own (where results go, and for how long).
 * @see https://docs.aws.amazon.com/athena/latest/APIReference/API_Operations.html
 */
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type GetQueryResultsCommandOutput,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { AwsCallError, awsCall, clientDefaults } from './aws-call.ts';

export interface QueryState {
  readonly state: 'running' | 'succeeded' | 'failed';
  /** Of one that failed: Athena's own words. */
  readonly reason?: string;
  /** What is executed. */
  readonly sql: string;
}

export type Row = Readonly<Record<string, string | undefined>>;

export interface AthenaDoor {
  /**
   * @param token 32 to 128 characters: the same query with the same token is started once
   * @returns its id
   * @throws AwsCallError
   */
  start(sql: string, token: string): Promise<string>;
  look(id: string): Promise<QueryState>;
  /** By the names of the columns, page after page. */
  rows(id: string): AsyncIterable<readonly Row[]>;
  stop(id: string): Promise<void>;
}

export function athena(
  workgroup: string,
  database: string,
  client = new AthenaClient(clientDefaults),
): AthenaDoor {
  return {
    async start(sql, token) {
      const { QueryExecutionId: id } = await awsCall('StartQueryExecution', () =>
        client.send(
          new StartQueryExecutionCommand({
            QueryString: sql,
            ClientRequestToken: token,
            WorkGroup: workgroup,
            QueryExecutionContext: { Database: database },
          }),
        ),
      );
      if (id === undefined) {
        throw new AwsCallError('StartQueryExecution', 'Unknown', 'the answer holds no id');
      }
      return id;
    },

    async look(id) {
      const { QueryExecution: found } = await awsCall('GetQueryExecution', () =>
        client.send(new GetQueryExecutionCommand({ QueryExecutionId: id })),
      );
      const sql = found?.Query ?? '';
      switch (found?.Status?.State) {
        case 'SUCCEEDED':
          return { state: 'succeeded', sql };
        case 'FAILED':
        case 'CANCELLED':
          return {
            state: 'failed',
            reason: found.Status.StateChangeReason ?? found.Status.State,
            sql,
          };
        default:
          return { state: 'running', sql };
      }
    },

    async *rows(id) {
      let columns: readonly string[] | undefined;
      let token: string | undefined;
      do {
        const page: GetQueryResultsCommandOutput = await awsCall('GetQueryResults', () =>
          client.send(
            new GetQueryResultsCommand({
              QueryExecutionId: id,
              MaxResults: 1000,
              ...(token && { NextToken: token }),
            }),
          ),
        );
        const data = (page.ResultSet?.Rows ?? []).map(({ Data }) =>
          (Data ?? []).map(({ VarCharValue }) => VarCharValue),
        );
        // The first row of the first page is the header (API_GetQueryResults, of a SELECT).
        if (columns === undefined) columns = (data.shift() ?? []).map((name) => name ?? '');
        const names = columns;
        yield data.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])));
        token = page.NextToken;
      } while (token);
    },

    async stop(id) {
      await awsCall('StopQueryExecution', () =>
        client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })),
      );
    },
  };
}

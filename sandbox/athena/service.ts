/**
 * Amazon Athena for the sandbox: SELECT over CloudTrail's log files in S3, everything with the caller's rights.
 * @see https://docs.aws.amazon.com/athena/latest/APIReference/
 */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { IamPort } from '../ports.ts';
import type { S3Service } from '../s3/service.ts';
import { type AwsService, type Caller, type Operation, ServiceException } from '../service.ts';
import { Catalog } from './catalog.ts';
import { CallersObjects } from './objects.ts';
import {
  describeExecution,
  engineVersion,
  isOver,
  type QueryExecution,
} from './query-execution.ts';
import { pageOf } from './results.ts';
import { runQuery, ScanLimit } from './run-query.ts';
import { QueryError } from './sql/error.ts';
import { parseQuery } from './sql/parse.ts';
import { outputOf, type ResultConfiguration, type WorkGroup } from './workgroup.ts';

export interface AthenaProps {
  account: string;
  region: string;
  clock: SandboxClock;
  iam: IamPort;
  s3: S3Service;
}

type Input = Readonly<Record<string, unknown>>;

export class AthenaService implements AwsService {
  readonly signingName = 'athena';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'AmazonAthena';
  readonly operations: AwsService['operations'];
  /** The loader's: databases and tables of Glue. */
  readonly catalog: Catalog;
  readonly #props: AthenaProps;
  readonly #groups = new Map<string, WorkGroup>();
  readonly #executions = new Map<string, QueryExecution>();
  /** Client request token → what was asked with it, and what came of it. */
  readonly #tokens = new Map<string, { asked: string; id: string }>();
  #seconds = 0;

  constructor(props: AthenaProps) {
    this.#props = props;
    this.catalog = new Catalog(props);
    const primary = { name: 'primary', enabled: true, enforced: false, results: {} };
    this.#groups.set('primary', { ...primary, createdAt: props.clock.now() });
    this.operations = {
      StartQueryExecution: {
        authorize: (input) => [this.#check('StartQueryExecution', this.#group(input.WorkGroup))],
        run: async (input, caller) => ({ QueryExecutionId: this.#start(input, caller) }),
      },
      GetQueryExecution: this.#ofExecution('GetQueryExecution', async (execution) => ({
        QueryExecution: describeExecution(execution),
      })),
      StopQueryExecution: this.#ofExecution('StopQueryExecution', async (execution) => {
        this.#end(execution, 'CANCELLED', 'Query cancelled by user');
        return {};
      }),
      GetQueryResults: this.#ofExecution('GetQueryResults', async (execution, input, caller) => {
        if (execution.state !== 'SUCCEEDED' || execution.rows === undefined) {
          throw invalid(
            isOver(execution)
              ? `Query did not finish successfully. Final query state: ${execution.state}`
              : `Query has not yet finished. Current state: ${execution.state}`,
          );
        }
        if (execution.file !== undefined) {
          await this.#objectsOf(caller).get(execution.file);
        } else if (isForgotten(execution, props.clock.now())) {
          throw invalid('Query results are no longer available');
        }
        return pageOf(execution.rows, input);
      }),
      GetWorkGroup: {
        authorize: (input) => [this.#check('GetWorkGroup', this.#group(input.WorkGroup))],
        run: async (input) => ({ WorkGroup: describeGroup(this.#group(input.WorkGroup)) }),
      },
    };
  }

  /** The loader's. @throws ServiceException InvalidRequestException */
  createWorkGroup(group: Omit<WorkGroup, 'createdAt'>): void {
    if (this.#groups.has(group.name)) {
      throw invalid('WorkGroup is already created');
    }
    this.#groups.set(group.name, { ...group, createdAt: this.#props.clock.now() });
  }

  /** The loader's. */
  updateWorkGroup(group: Omit<WorkGroup, 'createdAt'>): void {
    Object.assign(this.#group(group.name), group);
  }

  /** The loader's. @throws ServiceException where queries are left in it and it may not take them along */
  deleteWorkGroup(name: string, recursive: boolean): void {
    const held = [...this.#executions.values()].filter(({ group }) => group.name === name);
    if (held.length > 0 && !recursive) {
      throw invalid(`WorkGroup ${name} is not empty`);
    }
    for (const { id } of held) {
      this.#executions.delete(id);
    }
    this.#groups.delete(name);
  }

  /** Control: queries started from now on run this long by the sandbox's clock. @default 0 */
  queriesTake(seconds: number): void {
    this.#seconds = seconds;
  }

  #start(input: Input, caller: Caller): string {
    const query = String(input.QueryString ?? '');
    const parameters = (input.ExecutionParameters ?? []) as readonly string[];
    const token = input.ClientRequestToken;
    const { ClientRequestToken: _, ...rest } = input;
    const asked = JSON.stringify([caller.arn, rest]);
    const before = typeof token === 'string' ? this.#tokens.get(token) : undefined;
    if (before !== undefined) {
      if (before.asked !== asked) {
        throw invalid('Idempotent parameters do not match');
      }
      return before.id;
    }
    const group = this.#group(input.WorkGroup);
    if (!group.enabled) {
      throw invalid(`WorkGroup ${group.name} is disabled.`);
    }
    const output = outputOf(group, (input.ResultConfiguration ?? {}) as ResultConfiguration);
    if (group.managed && input.ResultConfiguration !== undefined) {
      throw invalid(
        'ResultConfiguration and ManagedQueryResultsConfiguration cannot be set together',
      );
    }
    if (output === undefined && !group.managed) {
      throw invalid(
        'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
      );
    }
    if (query.trim() === '' || query.length > 262_144) {
      throw invalid('QueryString is 1 to 262144 characters long.');
    }
    if (output !== undefined) {
      this.#assertOutput(caller, output.folder.bucket);
    }
    // What is not simulated is told at once; what is wrong with a query, by its execution.
    parsed(query, parameters);
    const { Database, Catalog: catalog } = (input.QueryExecutionContext ?? {}) as Record<
      string,
      string
    >;
    if (catalog !== undefined && catalog.toLowerCase() !== 'awsdatacatalog') {
      throw invalid(`Catalog ${catalog} does not exist`);
    }
    const id = randomUUID();
    const execution: QueryExecution = {
      ...{ id, group, query, parameters, results: output?.results ?? {}, scannedBytes: 0 },
      database: Database?.toLowerCase(),
      ...(output && {
        file: { bucket: output.folder.bucket, key: `${output.folder.key}${id}.csv` },
      }),
      state: 'RUNNING',
      submitted: this.#props.clock.now(),
    };
    this.#executions.set(id, execution);
    if (typeof token === 'string') {
      this.#tokens.set(token, { asked, id });
    }
    this.#run(execution, caller);
    return id;
  }

  #run(execution: QueryExecution, caller: Caller): void {
    const { region, clock, iam } = this.#props;
    const run = async () => {
      if (isOver(execution)) {
        return;
      }
      try {
        const { catalog } = this;
        await runQuery(execution, caller, this.#objectsOf(caller), { region, catalog, clock, iam });
        this.#end(execution, 'SUCCEEDED');
      } catch (error) {
        const isLimit = error instanceof ScanLimit;
        const reason = error instanceof Error ? error.message : String(error);
        this.#end(execution, isLimit ? 'CANCELLED' : 'FAILED', reason);
      }
    };
    if (this.#seconds === 0) {
      void clock.track(run());
    } else {
      const at = new Date(clock.now().getTime() + this.#seconds * 1000);
      clock.at(at, 'Athena runs a query', run);
    }
  }

  #end(execution: QueryExecution, state: QueryExecution['state'], reason?: string): void {
    if (!isOver(execution)) {
      Object.assign(execution, { state, completed: this.#props.clock.now() });
      if (reason !== undefined) {
        execution.reason = reason;
      }
    }
  }

  #assertOutput(caller: Caller, bucket: string): void {
    try {
      this.#objectsOf(caller).assertMayFind(bucket);
    } catch (error) {
      throw error instanceof ServiceException
        ? invalid(`Unable to verify/create output bucket ${bucket}`)
        : error;
    }
  }

  #objectsOf(caller: Caller): CallersObjects {
    const { s3, iam, region } = this.#props;
    return new CallersObjects(s3, iam, caller, region);
  }

  #ofExecution(
    name: string,
    run: (execution: QueryExecution, input: Input, caller: Caller) => Promise<object>,
  ): Operation {
    return {
      authorize: (input) => [this.#check(name, this.#execution(input).group)],
      run: (input, caller) => run(this.#execution(input), input, caller),
    };
  }

  #execution({ QueryExecutionId: id }: Input): QueryExecution {
    const execution = this.#executions.get(String(id));
    if (execution === undefined) {
      throw invalid(`QueryExecution ${String(id)} was not found`);
    }
    return execution;
  }

  #group(name: unknown): WorkGroup {
    const group = this.#groups.get(name === undefined ? 'primary' : String(name));
    if (group === undefined) {
      throw invalid(`WorkGroup ${String(name)} is not found.`);
    }
    return group;
  }

  #check(operation: string, { name }: WorkGroup) {
    const { account, region } = this.#props;
    const resource = `arn:aws:athena:${region}:${account}:workgroup/${name}`;
    return { action: `athena:${operation}`, resource };
  }
}

/** "Query results are available for 24 hours." (managed-results.html) */
const isForgotten = ({ completed, submitted }: QueryExecution, now: Date): boolean =>
  now.getTime() - (completed ?? submitted).getTime() > 24 * 60 * 60_000;

function parsed(query: string, parameters: readonly string[]): void {
  try {
    parseQuery(query, parameters);
  } catch (error) {
    if (!(error instanceof QueryError)) {
      throw error;
    }
  }
}

function describeGroup(group: WorkGroup): Record<string, unknown> {
  return {
    Name: group.name,
    State: group.enabled ? 'ENABLED' : 'DISABLED',
    Description: group.description,
    CreationTime: group.createdAt,
    Configuration: {
      ...(group.managed
        ? { ManagedQueryResultsConfiguration: { Enabled: true } }
        : { ResultConfiguration: group.results }),
      EnforceWorkGroupConfiguration: group.enforced,
      PublishCloudWatchMetricsEnabled: false,
      BytesScannedCutoffPerQuery: group.cutoff,
      RequesterPaysEnabled: false,
      EngineVersion: engineVersion,
    },
  };
}

const invalid = (message: string): ServiceException =>
  new ServiceException('InvalidRequestException', message, 400, {
    AthenaErrorCode: 'INVALID_INPUT',
  });

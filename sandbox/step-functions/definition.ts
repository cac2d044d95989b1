/** The part of the Amazon States Language that the sandbox runs (https://states-language.net). */
import type { Json } from './json.ts';

export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  MaxAttempts?: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
  /** FULL is run without jitter, at its longest: the sandbox's time is the same in every run. */
  JitterStrategy?: 'NONE' | 'FULL';
}

export interface Catcher {
  ErrorEquals: string[];
  Next: string;
  ResultPath?: string | null;
}

interface Common {
  Next?: string;
  End?: boolean;
  InputPath?: string | null;
  OutputPath?: string | null;
}

interface Fallible extends Common {
  Parameters?: Json;
  ResultSelector?: Json;
  ResultPath?: string | null;
  Retry?: Retrier[];
  Catch?: Catcher[];
}

export interface TaskState extends Fallible {
  Type: 'Task';
  Resource: string;
  TimeoutSeconds?: number;
  TimeoutSecondsPath?: string;
}
export interface PassState extends Common {
  Type: 'Pass';
  Result?: Json;
  Parameters?: Json;
  ResultPath?: string | null;
}
export interface WaitState extends Common {
  Type: 'Wait';
  Seconds?: number;
  SecondsPath?: string;
  Timestamp?: string;
  TimestampPath?: string;
}
export interface ChoiceState extends Common {
  Type: 'Choice';
  Choices: { Next: string; [rule: string]: unknown }[];
  Default?: string;
}
export interface ParallelState extends Fallible {
  Type: 'Parallel';
  Branches: Machine[];
}
export interface MapState extends Fallible {
  Type: 'Map';
  /** `Iterator` and `Parameters` are the older names of `ItemProcessor` and `ItemSelector`. */
  ItemProcessor?: Machine;
  Iterator?: Machine;
  ItemSelector?: Json;
  ItemsPath?: string;
  MaxConcurrency?: number;
  MaxConcurrencyPath?: string;
  /** What follows: of a distributed Map alone. */
  Label?: string;
  ItemReader?: ItemReader;
  ItemBatcher?: ItemBatcher;
  ResultWriter?: ResultWriter;
  /** Items, not executions. */
  ToleratedFailureCount?: number;
  ToleratedFailureCountPath?: string;
  ToleratedFailurePercentage?: number;
  ToleratedFailurePercentagePath?: string;
}
export interface ItemReader {
  Resource: 'arn:aws:states:::s3:getObject';
  ReaderConfig: { InputType: 'JSON' | 'JSONL'; MaxItems?: number; MaxItemsPath?: string };
  Parameters: Json;
}
export interface ItemBatcher {
  MaxItemsPerBatch?: number;
  MaxItemsPerBatchPath?: string;
  MaxInputBytesPerBatch?: number;
  MaxInputBytesPerBatchPath?: string;
  BatchInput?: Json;
}
export interface ResultWriter {
  Resource: 'arn:aws:states:::s3:putObject';
  Parameters: Json;
  WriterConfig?: {
    Transformation?: 'NONE' | 'COMPACT' | 'FLATTEN';
    OutputType?: 'JSON' | 'JSONL';
  };
}
export interface SucceedState extends Common {
  Type: 'Succeed';
}
export interface FailState {
  Type: 'Fail';
  Error?: string;
  ErrorPath?: string;
  Cause?: string;
  CausePath?: string;
}
export type State =
  | TaskState
  | PassState
  | WaitState
  | ChoiceState
  | ParallelState
  | MapState
  | SucceedState
  | FailState;

export interface Machine {
  StartAt: string;
  States: Record<string, State>;
  TimeoutSeconds?: number;
  /** Of a Map's ItemProcessor. */
  ProcessorConfig?: { Mode?: 'INLINE' | 'DISTRIBUTED'; ExecutionType?: 'STANDARD' };
}

/** Where a value comes from. */
export interface SecretSource {
  /** What errors call it: name or ARN of a secret, name of a variable. Never a value. */
  readonly name: string;
  /** false: the value never changes while the process lives; only a restart learns a new one. */
  readonly refreshes: boolean;
  /**
   * Reads the value; settles in bounded time.
   * @param stage staging label. @default 'AWSCURRENT'. AWSPENDING takes a right of its own, and only a reader of
   *   a singleUser database credential has a use for it
   */
  read(stage?: 'AWSCURRENT' | 'AWSPENDING'): Promise<ReadSecret>;
}

export interface ReadSecret {
  readonly value: string;
  readonly versionId?: string;
  /** Secrets Manager rotates on or before it: a value read earlier is read again then. */
  readonly nextRotationDate?: Date;
}

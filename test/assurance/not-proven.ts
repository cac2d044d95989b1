/** What the proofs do not show, in words a reader can act on. */
export const notProven: readonly string[] = [
  'Nothing here was run against AWS. The sandbox stands in for it, and was built from AWS’s documentation; what that leaves open (delays of reads after a write, the number and distance of retries, the labels after a rotation, verifiers under `rds.restrict_password_commands`, how soon RDS Proxy follows) needs an account.',
];

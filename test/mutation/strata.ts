/** What must be told apart by its tests nearly whole: what decides who is let in, what is current, and when. */
export interface Stratum {
  /** Of its figures: `mutation-<id>`. */
  readonly id: string;
  readonly mutate: readonly string[];
  /** Those that are there to tell it apart; any other would only make survivors dear. */
  readonly suites: RegExp;
  /** Percent of its mutants. */
  readonly goal: number;
}

const goal = 95;
const policy = (...names: string[]) => names.map((name) => `domain/policy/${name}.ts`);
const secrets = (...names: string[]) => names.map((name) => `domain/secrets/${name}.ts`);

export const strata: readonly Stratum[] = [
  {
    id: 'logins',
    mutate: ['scram', 'classify-error', 'transient', 'login-probe'].map(
      (name) => `doors/postgres/${name}.ts`,
    ),
    suites: /^test\/doors\/postgres\//,
    goal,
  },
  {
    id: 'cadence',
    mutate: policy('age', 'due', 'labels', 'freeze', 'window', 'plan', 'preflight'),
    suites: /^test\/domain\/policy\//,
    goal,
  },
  {
    id: 'keysets',
    mutate: secrets('keyset', 'strict-json', 'union', 'leaving'),
    suites: /^test\/domain\/secrets\//,
    goal,
  },
  {
    id: 'ciphertext',
    mutate: ['qt1', 'qt1-body', 'qt1-bytes', 'binding', 'gcm'].map(
      (name) => `domain/ciphertext/${name}.ts`,
    ),
    suites: /^test\/domain\/ciphertext\//,
    goal,
  },
  {
    id: 'protocol',
    mutate: [
      'lambdas/rotation/steps/*.ts',
      ...['staging', 'run', 'event', 'date-label', 'escrow-pending'].map(
        (name) => `lambdas/rotation/${name}.ts`,
      ),
    ],
    // Every kind of secret comes by here; what only one of them needs, its own suites ask for.
    suites: /^test\/lambdas\/(rotation|jwt|user-managed)\//,
    goal,
  },
];

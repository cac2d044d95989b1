/**
 * Who may import whom: the floor plan. Each folder names what it may import of this tree; anything else is an
 * error, and so is a folder the plan does not know. `test/walls.test.ts` plants a violation of every rule.
 */

/** Folder (a pattern) → the folders it may import, besides itself. */
const plan = [
  {
    name: 'secrets-and-ciphertext-stay-pure',
    comment:
      'Values and formats ship in the client: pass what they need as an argument, or move the code to a room.',
    from: '^domain/(secrets|ciphertext)/',
    to: ['^domain/(secrets|ciphertext)/'],
  },
  {
    name: 'policy-stays-pure',
    comment: 'Policy is pure functions of (inventory, policy, now): pass facts in as arguments.',
    from: '^domain/policy/',
    to: ['^domain/policy/'],
  },
  {
    name: 'config-imports-itself',
    comment:
      'Configuration, manifest and names know nothing else; move shared words down to config.',
    from: '^domain/config/',
    to: ['^domain/config/'],
  },
  {
    name: 'events-import-policy',
    comment: 'Event schemas may use policy; let the sender fill in anything else.',
    from: '^domain/events/',
    to: ['^domain/(events|policy)/'],
  },
  {
    name: 'reports-import-policy-and-events',
    comment: 'Reports render what they are given; read in a room or in the CLI and hand it over.',
    from: '^domain/reports/',
    to: ['^domain/(reports|policy|events)/'],
  },
  {
    name: 'doors-import-domain',
    comment: 'A door is one outside system; what decides belongs into domain or a room.',
    from: '^doors/',
    to: ['^doors/', '^domain/'],
  },
  {
    name: 'core-imports-domain-and-doors',
    comment: 'The core knows no kind of secret: a room hands its strategy in.',
    from: '^lambdas/rotation/',
    to: ['^lambdas/rotation/', '^domain/', '^doors/'],
  },
  {
    name: 'rooms-meet-in-a-state-machine',
    comment:
      'A room never imports its neighbour: move what both need to domain, doors or lambdas/rotation, or let a state machine join them.',
    from: '^lambdas/([^/]+)/',
    fromNot: '^lambdas/rotation/',
    to: ['^lambdas/$1/', '^lambdas/rotation/', '^domain/', '^doors/'],
  },
  {
    name: 'client-ships-alone',
    comment:
      'The client is published: it takes secrets, ciphertext and its own doors with it, nothing else.',
    from: '^client/',
    to: ['^client/', '^domain/(secrets|ciphertext)/'],
  },
  {
    name: 'sandbox-knows-only-aws',
    comment:
      'The stand-in knows AWS and PostgreSQL, not this product: it loads the synthesized stack instead.',
    from: '^sandbox/',
    to: ['^sandbox/'],
  },
  {
    name: 'constructs-name-functions-by-folder',
    comment:
      'Constructs import config, events and the type of a room (lambdas/*/environment.ts, `import type`); handlers are named by their built folder.',
    from: '^lib/',
    to: ['^lib/', '^domain/(config|events)/'],
    typesOf: '^lambdas/[^/]+/environment\\.ts$',
  },
  {
    name: 'cli-opens-no-database',
    comment:
      'The CLI never opens a database: make it an operation of a function. Of the sandbox it knows start.ts.',
    from: '^cli/',
    to: ['^cli/', '^domain/', '^doors/(?!postgres/)', '^sandbox/start\\.ts$'],
  },
  {
    name: 'demo-uses-what-users-use',
    comment:
      'The demo may use domain, doors, client and sandbox, what quarterturn status shows, and how the example stores passwords; functions and the example itself run as processes.',
    from: '^demo/',
    to: [
      ...['^demo/', '^domain/', '^doors/', '^client/', '^sandbox/'],
      '^cli/status/',
      '^examples/pharmacy-api/passwords\\.ts$',
    ],
  },
  {
    name: 'examples-use-what-is-published',
    comment:
      'An example shows what a user can write: only the published surface of the client and of the constructs.',
    from: '^examples/',
    to: [
      '^examples/',
      '^client/index\\.ts$',
      '^client/sources/secrets-manager\\.ts$',
      '^client/jwt/(jose|jsonwebtoken)\\.ts$',
      '^client/fields/(drizzle|kysely)\\.ts$',
      '^client/postgres/rotating-pool\\.ts$',
      '^client/health/(http|fastify)\\.ts$',
      '^lib/index\\.ts$',
    ],
  },
  {
    name: 'deployment-imports-config',
    comment: 'rotation.config.ts is data: it imports domain/config and nothing else.',
    from: '^rotation\\.config\\.ts$',
    to: ['^domain/config/'],
  },
  {
    name: 'entry-points-only-enter',
    comment: 'bin/ starts lib, cli/main.ts or demo/main.ts and holds no logic of its own.',
    from: '^bin/',
    to: [
      '^bin/',
      '^lib/',
      '^cli/main\\.ts$',
      '^demo/main\\.ts$',
      '^domain/config/',
      '^rotation\\.config\\.ts$',
    ],
  },
];

const floors = plan.map(({ name, comment, from, fromNot, to, typesOf }) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, ...(fromNot && { pathNot: fromNot }) },
  // Within the tree only: what npm packages a folder may use is said below.
  to: {
    pathNot: [...to, ...(typesOf ? [typesOf] : []), 'node_modules'],
    dependencyTypesNot: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'],
  },
}));

export default {
  forbidden: [
    ...floors,
    {
      name: 'constructs-import-types-of-rooms',
      comment:
        'A room enters a construct as a type only: write `import type`, the value stays in the bundle.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^lambdas/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'tests-are-imported-by-nobody',
      comment: 'What a test and the product share belongs into the product.',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'scripts-are-imported-by-nobody',
      comment: 'A script is run. What others need of it belongs into a folder of the plan.',
      severity: 'error',
      from: { pathNot: '^(scripts|test|bench)/' },
      to: { path: '^scripts/' },
    },
    {
      name: 'scripts-import-only-scripts',
      comment: 'A script builds and checks the tree from outside; it imports nothing of it.',
      severity: 'error',
      from: { path: '^scripts/' },
      to: {
        pathNot: ['^scripts/', 'node_modules'],
        dependencyTypesNot: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'],
      },
    },
    {
      name: 'every-folder-is-in-the-plan',
      comment:
        'A new folder needs a line in the floor plan: who imports it, and what may it import?',
      severity: 'error',
      from: {
        pathNot: [
          ...plan.map(({ from }) => from),
          '^(test|bench|scripts)/',
          'node_modules',
          '^(jest\\.config|\\.dependency-cruiser)\\.mjs$',
        ],
      },
      to: {},
    },
    {
      name: 'aws-sdk-behind-doors',
      comment:
        'Only doors/ and client/ import an AWS SDK: write a door with a small interface and hand it in. Tests may.',
      severity: 'error',
      from: { pathNot: ['^(doors|client|test|bench)/', 'node_modules'] },
      to: { path: '(^|node_modules/)@aws-sdk/' },
    },
    {
      name: 'pg-behind-its-door',
      comment:
        'Only doors/postgres/, client/ and sandbox/ import pg: use the PostgreSQL door. Tests may.',
      severity: 'error',
      from: { pathNot: ['^(doors/postgres|client|sandbox|test|bench)/', 'node_modules'] },
      to: { path: '(^|node_modules/)(pg|@types/pg)(/|$)' },
    },
    {
      name: 'no-package-in-the-ground-floor',
      comment:
        'secrets, ciphertext and policy have no npm dependency: the first two ship in the client.',
      severity: 'error',
      from: { path: '^domain/(secrets|ciphertext|policy)/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg'] },
    },
    {
      name: 'no-cdk-outside-constructs',
      comment:
        'The CDK is for lib/, bin/ and the example app; a function or the CLI that needs it would ship 160 MB.',
      severity: 'error',
      from: { pathNot: ['^(lib|bin|test|bench|examples/cdk-app)/', 'node_modules'] },
      to: { path: '(^|node_modules/)(aws-cdk-lib|constructs|cdk-nag)(/|$)' },
    },
    {
      name: 'no-drawer-for-everything',
      comment: 'Name the file after what it does: utils, helpers and common attract everything.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)(utils?|helpers?|common)(\\.[cm]?[jt]s|/)', pathNot: 'node_modules' },
    },
    {
      name: 'no-drawer-for-everything-inside',
      comment: 'Name the file after what it does: utils, helpers and common attract everything.',
      severity: 'error',
      from: { path: '(^|/)(utils?|helpers?|common)(\\.[cm]?[jt]s|/)', pathNot: 'node_modules' },
      to: {},
    },
    {
      name: 'no-circle',
      comment: 'Two files that import each other are one file, or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-missing-import',
      comment: 'The import leads nowhere: correct the path, or install the package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-package',
      comment:
        'Declare the package in package.json; it is only there because another one brought it.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Imports as they are written (verbatimModuleSyntax keeps them): to compile every file as well takes five times as long.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
};

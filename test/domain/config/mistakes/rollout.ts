/** Consumers that are restarted in no way, or by two names; waves of strangers; webhooks to nowhere. */
import { type Mistake, one } from './document.ts';

const ecs = { by: 'ecs', cluster: 'shop', service: 'api' };
const hook = { by: 'webhook', url: 'https://hooks.example.com/restart', signingSecret: 'vendor' };
const consumer = (members: object) => ({ name: 'api', reads: ['jwt'], ...members });
const health = (members: object) =>
  consumer({ health: { credentials: 'https://api.example.com/health', ...members } });

const having =
  (consumers: readonly object[], rollout?: object) =>
  // biome-ignore lint/suspicious/noExplicitAny: documents that must be refused have no type
  (c: any): void => {
    c.consumers = consumers;
    if (rollout !== undefined) c.rollout = rollout;
  };
const hooked = (members: object) => having([consumer({ restart: { ...hook, ...members } })]);
const worker = { name: 'worker', reads: ['jwt'], restart: { ...ecs, service: 'worker' } };
const both = [consumer({ restart: ecs }), worker, { name: 'idle', reads: ['jwt'] }];

/** Accepted, in an environment that is not dev. */
export const soundRollouts: readonly [consumers: readonly object[], rollout?: object][] = [
  [both, { canary: 'worker', waves: [['api']] }],
  [
    [consumer({ restart: hook }), { ...worker, learns: 'restart' }],
    { redeploy: { ...hook, by: undefined } },
  ],
  [[health({ every: '217s', within: '1d', consecutive: 20 })]],
];

export const rollout: readonly Mistake[] = [
  [
    'a platform that is none, told alone: what names its consumer is not wrong for that',
    having([consumer({ restart: { ...ecs, by: 'ec2' } })], { canary: 'api' }),
    one(
      /^consumers\.0\.restart\.by: found "ec2"; expected by "ecs", "kubernetes", "lambda" or "webhook" \(did you mean "ecs"\?\)$/,
    ),
  ],
  [
    'a restart that nothing tells how to do',
    having([consumer({ learns: 'restart' })]),
    one(/^consumers\.0\.learns: found "restart" without restart; expected how it is restarted/),
  ],
  [
    'a restart that is never used',
    having([consumer({ learns: 'refresh', restart: ecs })]),
    one(/^consumers\.0\.learns: found "refresh" beside restart, which would never be used/),
  ],
  [
    'one service by two names',
    having([consumer({ restart: ecs }), { ...worker, restart: ecs }]),
    one(
      /^consumers\.1\.restart: found ECS service shop\/api, which is that of consumer "api"; expected one consumer/,
    ),
  ],
  [
    'a stranger in a wave',
    having(both, { waves: [['api', 'workr']] }),
    one(
      /^rollout\.waves\.0: found "workr"; expected a consumer of this configuration; did you mean "worker"\?$/,
    ),
  ],
  [
    'a wave of one that is not rolled out',
    having(both, { waves: [['idle']] }),
    one(/^rollout\.waves\.0: found "idle", which has neither restart nor health; expected/),
  ],
  [
    'one in two waves',
    having(both, { waves: [['api'], ['api', 'worker']] }),
    one(/^rollout\.waves\.1: found "api" again; expected every consumer once$/),
  ],
  [
    'a canary that is nobody',
    having(both, { canary: 'bird' }),
    one(
      /^rollout\.canary: found "bird"; expected a consumer of this configuration \(api, worker\)$/,
    ),
  ],
  [
    'a canary that comes again',
    having(both, { canary: 'api', waves: [['worker', 'api']] }),
    one(/^rollout\.waves: found "api", which is rollout\.canary and comes first/),
  ],
  [
    'more looks than an execution holds',
    having([health({ every: '1s', within: '1h' })]),
    one(/^consumers\.0\.health\.every: found "1s" within "1h"; expected 9 s or more: 400 looks/),
  ],
  [
    'less time than the looks take',
    having([health({ every: '1m', within: '2m', consecutive: 4 })]),
    one(/^consumers\.0\.health\.within: found "2m"; expected 180 s or more: 4 looks in a row/),
  ],
  [
    'a webhook that nobody signs',
    hooked({ signingSecret: 'jwt' }),
    one(
      /^consumers\.0\.restart\.signingSecret: found "jwt"; expected the key of a userManaged secret \(admin, vendor\)$/,
    ),
  ],
  [
    'a webhook signed with what sets every role',
    hooked({ signingSecret: 'admin' }),
    one(/^consumers\.0\.restart\.signingSecret: found "admin", the admin of secrets\.db;/),
  ],
  [
    'a webhook in plain text',
    hooked({ url: 'http://hooks.example.com/' }),
    one(/^consumers\.0\.restart\.url: found http; expected https$/),
  ],
  [
    'a webhook with a password in its address',
    hooked({ url: 'https://user:pass@hooks.example.com/' }),
    one(/^consumers\.0\.restart\.url: found a user or password in it; expected none/),
  ],
  [
    'a webhook at the metadata service',
    hooked({ url: 'https://169.254.169.254/' }),
    one(/^consumers\.0\.restart\.url: found a private host; expected a public one/),
  ],
  [
    'a redeployment by nothing that is an address',
    having(both, { redeploy: { url: 'hooks', signingSecret: 'vendor' } }),
    one(/^rollout\.redeploy\.url: found no URL; expected https and a host$/),
  ],
];

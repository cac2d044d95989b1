/** The cluster of `test/lambdas/database/pharmacy.ts`, as its bootstrap leaves it, in memory. */
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import type { Role, ServerState } from '../postgres/cluster.ts';

export const identity = 'pharmacy_app';
export const identityPassword = 'chosen-by-a-person-2019';
export const legacy = 'pharmacy_legacy';
export const legacyPassword = 'another one of those';
export const admin = { username: 'rotator', password: 'QmFkIGd1ZXNzLCBidXQgbmljZSB0cnkh' };

const salt = Buffer.alloc(16, 7);
const plain: Omit<Role, 'name'> = {
  canLogin: true,
  superuser: false,
  createRole: false,
  verifier: null,
  validUntil: null,
  connectionLimit: -1,
  memberOf: [],
  administeredBy: [],
  settings: [],
};

/** Those of the identity hold for its login roles, which become it. */
const settings: Role['settings'] = [
  [null, 'search_path="$user", public, "odd ""name"""'],
  [null, 'statement_timeout=40s'],
  ['pharmacy', 'app.tenant=lindenhof'],
];

const administeredBy = [admin.username];
const loginRole = {
  ...{ memberOf: [identity], administeredBy },
  settings: [...settings, [null, `role=${identity}`] as const],
};
const roles: readonly (Partial<Role> & { name: string })[] = [
  { name: 'postgres', superuser: true, verifier: scramVerifier('nobody here knows it', salt) },
  { name: 'migrations', canLogin: false },
  {
    ...{ name: admin.username, createRole: true, memberOf: ['pg_signal_backend'] },
    verifier: scramVerifier(admin.password, salt),
  },
  {
    ...{ name: identity, connectionLimit: 40, settings, administeredBy },
    verifier: scramVerifier(identityPassword, salt),
  },
  { name: `${identity}_a`, canLogin: false, ...loginRole },
  { name: `${identity}_b`, canLogin: false, ...loginRole },
  { name: legacy, administeredBy, verifier: scramVerifier(legacyPassword, salt) },
];

export const pharmacyServer: ServerState = {
  roles: new Map(roles.map((role) => [role.name, { ...plain, ...role }])),
  jobs: [],
  notes: new Map(),
};

/** For rooms that have none. */
export const noServer: ServerState = { roles: new Map(), jobs: [], notes: new Map() };

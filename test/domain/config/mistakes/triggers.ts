/** Triggers that nobody could set off, or that name what is not there. */
import { type Mistake, one } from './document.ts';

const role = 'arn:aws:iam::111122223333:role/scanner';

export const triggers: readonly Mistake[] = [
  [
    'triggers without any',
    (c) => {
      c.triggers = {};
    },
    one(/^triggers: found none; expected exposure, offboarding or deployment, or no triggers/),
  ],
  [
    'an exposure nobody may report',
    (c) => {
      c.triggers = { exposure: {} };
    },
    one(/^triggers\.exposure\.from: found nobody; expected a role .*, or gitHub or guardDuty/),
  ],
  [
    'a whole account that may report an exposure',
    (c) => {
      c.triggers = { exposure: { from: ['111122223333'] } };
    },
    one(/^triggers\.exposure\.from\.0: .*expected the ARN of an IAM role or user/),
  ],
  [
    'everybody who may report an exposure',
    (c) => {
      c.triggers = { exposure: { from: ['*'] } };
    },
    one(/^triggers\.exposure\.from\.0: .*expected the ARN of an IAM role or user/),
  ],
  [
    'a source of exposures that is none',
    (c) => {
      c.triggers = { exposure: { from: [role], unattended: ['gitlab'] } };
    },
    one(/^triggers\.exposure\.unattended\.0: /),
  ],
  [
    'a source of exposures twice',
    (c) => {
      c.triggers = { exposure: { from: [role], unattended: ['bus', 'bus'] } };
    },
    one(/^triggers\.exposure\.unattended\.1: found .* again/),
  ],
  [
    'a principal twice',
    (c) => {
      c.triggers = { deployment: { from: [role, role] } };
    },
    one(/^triggers\.deployment\.from\.1: found .* again/),
  ],
  [
    'a leaver who could read a secret with a typo',
    (c) => {
      c.triggers = { offboarding: { from: [role], people: { ada: ['jtw'] } } };
    },
    one(/^triggers\.offboarding\.people\.ada: found "jtw"; .*did you mean "jwt"\?$/),
  ],
  [
    'a finding about a secret that is not there',
    (c) => {
      c.triggers = {
        exposure: {},
        guardDuty: { findings: [{ type: 'UnauthorizedAccess:IAMUser/', secrets: ['session'] }] },
      };
    },
    one(/^triggers\.guardDuty\.findings\.0\.secrets: found "session"; expected a secret/),
  ],
  [
    'a finding type that is none',
    (c) => {
      c.triggers = { exposure: {}, guardDuty: { findings: [{ type: '', secrets: ['jwt'] }] } };
    },
    one(/^triggers\.guardDuty\.findings\.0\.type: .*the beginning of a finding type/),
  ],
  [
    'a finding that leads nowhere',
    (c) => {
      c.triggers = {
        deployment: { from: [role] },
        guardDuty: { findings: [{ type: 'Recon:IAMUser/', secrets: ['jwt'] }] },
      };
    },
    one(/^triggers\.guardDuty: found without triggers\.exposure.*expected exposure: \{\}/),
  ],
  [
    'a webhook signed by a secret that rotates',
    (c) => {
      c.triggers = {
        exposure: {},
        gitHub: { secret: 'jwt', alerts: [{ repository: 'a/b', secrets: ['jwt'] }] },
      };
    },
    one(/^triggers\.gitHub\.secret: found "jwt" of kind "jwt"; expected the key of a userManaged/),
  ],
  [
    'an alert about anything',
    (c) => {
      const [webhook = ''] = Object.keys(c.secrets).filter(
        (key) => c.secrets[key].kind === 'userManaged',
      );
      c.triggers = {
        exposure: {},
        gitHub: { secret: webhook, alerts: [{ secrets: ['jwt'] }] },
      };
    },
    one(/^triggers\.gitHub\.alerts\.0: found neither repository nor secretType/),
  ],
];

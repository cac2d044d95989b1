/** Contacts that cannot be told, and a contact sheet nobody can trust. */
import { type Mistake, one } from './document.ts';

export const contacts: readonly Mistake[] = [
  [
    'an endpoint without TLS',
    (c) => {
      c.contacts.endpoints = { onCall: ['http://pager.example.com/'] };
    },
    one(/^contacts\.endpoints\.onCall\.0: found .*; expected an HTTPS address without user name/),
  ],
  [
    'an endpoint with a token in it',
    (c) => {
      c.contacts.endpoints = { security: ['https://pager.example.com/?token=hunter2'] };
    },
    one(/^contacts\.endpoints\.security\.0: found (?!.*hunter2).*; expected an HTTPS address/),
  ],
  [
    'an endpoint with a password in it',
    (c) => {
      c.contacts.endpoints = { security: ['https://me:hunter2@pager.example.com/'] };
    },
    one(/^contacts\.endpoints\.security\.0: found (?!.*hunter2).*; expected an HTTPS address/),
  ],
  [
    'a Slack channel by its name',
    (c) => {
      c.contacts.chat = { support: { slack: { workspaceId: 'T0123ABCD', channelId: '#help' } } };
    },
    one(/^contacts\.chat\.support\.slack\.channelId: found "#help"; expected a Slack channel id/),
  ],
  [
    'a Teams channel as it is shown',
    (c) => {
      const id = '11111111-2222-4333-8444-555555555555';
      const teams = { tenantId: id, teamId: id, channelId: '19:abc@thread.tacv2' };
      c.contacts.chat = { support: { teams } };
    },
    one(/^contacts\.chat\.support\.teams\.channelId: found .*; expected a Teams channel id/),
  ],
  [
    'a role that the sheet does not have',
    (c) => {
      c.contacts.people = [{ role: 'ceo', name: 'Ada', reach: '1' }];
      c.contacts.reviewedOn = '2026-01-31';
    },
    one(/^contacts\.people\.0\.role: found "ceo"; expected "security", "on-call", "dba"/),
  ],
  [
    'people whom nobody has called since',
    (c) => {
      c.contacts.people = [{ role: 'dba', name: 'Ada', reach: '1' }];
    },
    one(/^contacts\.reviewedOn: found nothing beside people; expected the day/),
  ],
  [
    'a review of nobody',
    (c) => {
      c.contacts.reviewedOn = '2026-01-31';
    },
    one(/^contacts\.people: found none beside reviewedOn/),
  ],
  [
    'a review on a day that is none',
    (c) => {
      c.contacts.people = [{ role: 'dba', name: 'Ada', reach: '1' }];
      c.contacts.reviewedOn = '2026-02-30';
    },
    one(/^contacts\.reviewedOn: found "2026-02-30"; expected a day such as/),
  ],
  [
    'an endpoint twice',
    (c) => {
      const url = 'https://pager.example.com/';
      c.contacts.endpoints = { product: [url, url] };
    },
    one(/^contacts\.endpoints\.product\.1: found .* again; expected every endpoint once/),
  ],
  [
    'an audience that there is not',
    (c) => {
      c.contacts.suport = ['help@example.com'];
    },
    one(/found the unknown "suport" \(did you mean "support"\?\)/),
  ],
];

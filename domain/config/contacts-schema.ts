/**
 * Who is told what happens to the secrets, and who answers for them. Four audiences; each is reached by mail,
 * by an HTTPS endpoint and in a chat channel, in any combination.
 */
import * as z from 'zod';

export const audiences = ['on-call', 'security', 'support', 'product'] as const;
export type ContactAudience = (typeof audiences)[number];

/** The audiences as the configuration spells them. */
export const contactWords = {
  onCall: 'on-call',
  security: 'security',
  support: 'support',
  product: 'product',
} as const satisfies Readonly<Record<string, ContactAudience>>;
export type ContactWord = keyof typeof contactWords;

/** Every address confirms its subscription once, by a link it is sent. */
const addresses = z.array(z.email()).max(50).default([]);

/** SNS posts to it. A user name, a password or a token in it would stand in the template for everybody to read. */
const endpoint = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search } = new URL(text);
  return protocol === 'https:' && username === '' && password === '' && search === '';
}, 'an HTTPS address without user name, password or query');
const endpoints = z.array(endpoint).max(20).default([]);

const uuid = z.guid('a UUID');

/**
 * A channel of Amazon Q Developer in chat applications (formerly AWS Chatbot). Workspace and tenant are authorised
 * once in its console; the patterns are those of API_SlackChannelConfiguration and API_TeamsChannelConfiguration.
 */
const channels = z.strictObject({
  slack: z
    .strictObject({
      workspaceId: z
        .string()
        .regex(/^[0-9A-Z]{1,255}$/, 'a Slack workspace id such as "T0123ABCD"'),
      channelId: z.string().regex(/^[A-Za-z0-9]{1,255}$/, 'a Slack channel id such as "C0123ABCD"'),
    })
    .optional(),
  teams: z
    .strictObject({
      tenantId: uuid,
      teamId: uuid,
      channelId: z
        .string()
        .regex(
          /^[\w=+/.,-]*%3[aA][\w=+/.,-]*%40[\w=+/.,-]*$/,
          'a Teams channel id as its link spells it, such as "19%3aab…%40thread.tacv2"',
        ),
    })
    .optional(),
});
export type ChatChannels = z.infer<typeof channels>;

export const personSchema = z.strictObject({
  role: z.enum(['security', 'on-call', 'dba']),
  name: z.string().min(1).max(128),
  /** How: a number, an address, a rota. */
  reach: z.string().min(1).max(256),
});

export const contactsSchema = z.strictObject({
  onCall: addresses,
  security: addresses,
  support: addresses,
  product: addresses,
  /** Told besides the addresses. */
  endpoints: z
    .strictObject({
      onCall: endpoints,
      security: endpoints,
      support: endpoints,
      product: endpoints,
    })
    .prefault({}),
  /** Chat channels, one of each service an audience. */
  chat: z
    .strictObject({
      onCall: channels.optional(),
      security: channels.optional(),
      support: channels.optional(),
      product: channels.optional(),
    })
    .prefault({}),
  /** The contact sheet of the report: whom to call. */
  people: z.array(personSchema).max(50).default([]),
  /** When somebody last went through the sheet. */
  reviewedOn: z.iso.date('a day such as "2026-01-31"').optional(),
  reviewEveryDays: z.int().min(1).max(366).default(90),
  /**
   * How people are reached goes into the manifest, too, a parameter whoever may read the deployment can read;
   * false: only names and roles.
   */
  publishReach: z.boolean().default(false),
});
export type ContactsConfig = z.infer<typeof contactsSchema>;

export const notificationsSchema = z.strictObject({
  /** Folder of texts that take the place of the built-in ones, from the configuration's own folder. */
  templates: z.string().min(1).max(1024).optional(),
});

/** Is there anybody to tell? On-call and security have a topic in any case: alarms and findings go there. */
export const isReachable = (contacts: ContactsConfig, word: ContactWord): boolean =>
  contacts[word].length > 0 || contacts.endpoints[word].length > 0 || hasChat(contacts, word);

export function hasChat({ chat }: ContactsConfig, word: ContactWord): boolean {
  return chat[word]?.slack !== undefined || chat[word]?.teams !== undefined;
}

/** What cadence, report and command line know of the contacts. */
export const manifestContactsSchema = z.object({
  /** Who hears of rotations, in the order of `audiences`. */
  audiences: z.array(z.enum(audiences)),
  people: z.array(personSchema.partial({ reach: true })),
  reviewedOn: z.iso.date().optional(),
  reviewEveryDays: z.int(),
});
export type ManifestContacts = z.infer<typeof manifestContactsSchema>;

export function manifestContacts(contacts: ContactsConfig): ManifestContacts {
  const { people, reviewedOn, reviewEveryDays, publishReach } = contacts;
  return {
    audiences: wordsOf
      .filter((word) => isReachable(contacts, word))
      .map((word) => contactWords[word]),
    people: people.map(({ role, name, reach }) => ({ role, name, ...(publishReach && { reach }) })),
    ...(reviewedOn !== undefined && { reviewedOn }),
    reviewEveryDays,
  };
}

export const wordsOf = Object.keys(contactWords) as readonly ContactWord[];

/** Whom to call, and when somebody last looked whether that is still so. */
import * as z from 'zod';

const day = 86_400_000;

/** `reach`: as it is to be used, e.g. a telephone number; absent: the deployment does not publish it. */
export const contactPersonSchema = z.object({
  role: z.string(),
  name: z.string(),
  reach: z.string().optional(),
});
export type ContactPerson = z.infer<typeof contactPersonSchema>;

export interface Contacts {
  readonly people: readonly ContactPerson[];
  /** `2025-11-18`; absent: nobody ever said so. */
  readonly reviewedOn?: string | undefined;
  readonly reviewEveryDays: number;
}

export interface ReviewedContacts {
  readonly people: ContactPerson[];
  readonly reviewedOn?: string;
  readonly nextReviewOn?: string;
  readonly reviewOverdue: boolean;
}

/**
 * The next review is `reviewEveryDays` calendar days later, in UTC; on that day it is not overdue yet. A sheet that
 * nobody ever went through is.
 */
export function reviewed(contacts: Contacts, now: Date): ReviewedContacts {
  const { reviewedOn, reviewEveryDays } = contacts;
  const people = [...contacts.people];
  if (reviewedOn === undefined) return { people, reviewOverdue: true };
  const next = new Date(Date.parse(`${reviewedOn}T00:00:00Z`) + reviewEveryDays * day);
  const nextReviewOn = next.toISOString().slice(0, 10);
  const reviewOverdue = now.toISOString().slice(0, 10) > nextReviewOn;
  return { people, reviewedOn, nextReviewOn, reviewOverdue };
}

/** Rules about contacts that span fields. */
import { wordsOf } from './contacts-schema.ts';
import { duplicates } from './duplicates.ts';
import type { RotationConfig } from './rotation-config.ts';

export function contactProblems({ contacts }: RotationConfig): string[] {
  const { people, reviewedOn, endpoints } = contacts;
  return [
    ...wordsOf.flatMap((word) =>
      duplicates(contacts[word], (address) => address.toLowerCase(), `contacts.${word}`, 'address'),
    ),
    ...wordsOf.flatMap((word) =>
      duplicates(endpoints[word], (url) => url, `contacts.endpoints.${word}`, 'endpoint'),
    ),
    // A sheet without a date is one nobody knows the age of.
    ...(people.length > 0 && reviewedOn === undefined
      ? [
          'contacts.reviewedOn: found nothing beside people; expected the day somebody last called them, such as "2026-01-31"',
        ]
      : []),
    ...(people.length === 0 && reviewedOn !== undefined
      ? ['contacts.people: found none beside reviewedOn; expected those who were reviewed']
      : []),
  ];
}

/**
 * What `docs/permissions.md` is compared with must say every right. So each statement of the template is widened in
 * every way there is, one at a time, and the page has to change; a change that leaves the page as it is would pass
 * review unseen.
 */
import { describe, expect, test } from '@jest/globals';
import { recordFigures } from '../assurance/figures.ts';
import { everything } from './everything.ts';
import { grantsOf } from './permissions.ts';
import { mutantsOf, statementsIn } from './permissions-mutations.ts';
import { sectionsOf } from './permissions-page.ts';
import { type Resource, synthesize } from './synthesized.ts';

const { resources } = synthesize(everything);
const page = (some: Readonly<Record<string, Resource>>) => sectionsOf(grantsOf(some));

test('whatever widens a right of the template changes the list of rights', () => {
  const survivors: string[] = [];
  const kinds = new Map<string, number>();
  for (const { name, kind, before, after } of mutantsOf(resources)) {
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (page(before) === page(after)) survivors.push(`${kind}: ${name}`);
  }
  expect(survivors).toEqual([]);
  const mutations = [...kinds.values()].reduce((sum, count) => sum + count, 0);
  expect(kinds.size).toBeGreaterThanOrEqual(24);
  const { rights, trust } = grantsOf(resources);
  const statements = rights.length + Object.values(trust).flat().length;
  recordFigures('iam-exact-list', 0, {
    statements,
    mutations,
    kinds: kinds.size,
    survivors: survivors.length,
  });
}, 120_000);

describe('no policy is missing from the list', () => {
  test('of those the template holds, by whatever property', () => {
    const all = Object.entries(resources);
    const listed = (id: string, it: Resource) => {
      const { rights, trust } = grantsOf({ [id]: it });
      return rights.length + Object.values(trust).flat().length;
    };
    // Text is not looked into; CloudWatch Logs takes no other.
    const missing = all
      .filter(([id, it]) => listed(id, it) < statementsIn(it).length)
      .map(([id, { Type }]) => `${id} (${Type})`);
    expect(missing).toEqual([]);
  });

  test.each([
    ['AWS::DynamoDB::Table', { ResourcePolicy: { PolicyDocument: { Statement: [] } } }],
    ['AWS::SNS::TopicInlinePolicy', { PolicyDocument: { Statement: [] } }],
  ])('of a type nobody thought of: %s is seen to be unlisted', (Type, Properties) => {
    const statement = { Effect: 'Allow', Principal: '*', Action: 'x:Y', Resource: '*' };
    const text = JSON.stringify(Properties).replace('[]', JSON.stringify([statement]));
    const resource = { Type, Properties: JSON.parse(text) };
    expect(statementsIn(resource)).toHaveLength(1);
    expect(grantsOf({ New: resource }).rights).toEqual([]);
  });

  test('not that of the log group, which is text with references in it', () => {
    const [id = ''] = Object.keys(resources).filter(
      (it) => resources[it]?.Type === 'AWS::Logs::ResourcePolicy',
    );
    expect(grantsOf({ [id]: resources[id] as Resource }).rights).toMatchObject([
      { effect: 'Allow', actions: ['logs:CreateLogStream'], resources: ['<AuditLog>'] },
      { effect: 'Allow', actions: ['logs:PutLogEvents'], resources: ['<AuditLog>'] },
    ]);
  });
});

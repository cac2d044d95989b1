/** dev, staging and prod from one repository: what docs/environments.md promises. */
import { describe, expect, test } from '@jest/globals';
import { parseRotationConfig } from '../../domain/config/rotation-config.ts';
import example from '../../rotation.config.ts';
import { type Synthesized, synthesize } from './synthesized.ts';

const environments = ['dev', 'staging', 'prod'];
const made: Record<string, Synthesized> = Object.fromEntries(
  environments.map((environment) => [
    environment,
    synthesize(parseRotationConfig({ ...example, environment })),
  ]),
);

/** Physical names, which collide within one account and region. */
function namesOf({ resources }: Synthesized): string[] {
  const properties = ['Name', 'FunctionName', 'TableName', 'StateMachineName', 'ManagedPolicyName'];
  const more = ['LogGroupName', 'TopicName', 'QueueName', 'BucketName', 'AlarmName', 'PolicyName'];
  return Object.values(resources).flatMap(({ Type, Properties }) =>
    // The inline policy of a role has its name within that role alone.
    Type === 'AWS::IAM::Policy'
      ? []
      : [...properties, ...more]
          .map((property) => Properties?.[property])
          .filter((name) => typeof name === 'string'),
  );
}

describe('three environments of one repository', () => {
  test('fit into one account and region: no two share a name', () => {
    const names = environments.flatMap((environment) => [
      ...new Set(namesOf(present(environment))),
    ]);
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('carry the environment in every physical name', () => {
    for (const environment of environments) {
      const strangers = namesOf(present(environment)).filter((name) => !name.includes(environment));
      expect(strangers).toEqual([]);
    }
  });

  test('allow development fallbacks in dev alone', () => {
    const told = (environment: string) =>
      present(environment)
        .all('AWS::Lambda::Function', /^Secret/)
        .map(({ Properties }) => Properties.Environment.Variables.ENVIRONMENT);
    expect(new Set(told('dev'))).toEqual(new Set(['dev']));
    expect(new Set(told('prod'))).toEqual(new Set(['prod']));
  });
});

function present(environment: string): Synthesized {
  const found = made[environment];
  if (found === undefined) throw new Error(`no environment ${environment}`);
  return found;
}

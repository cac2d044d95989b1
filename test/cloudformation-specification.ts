/** The specification of CloudFormation's resource types as `aws-cdk` carries it, for `cdk diff`. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

interface Specification {
  schema: {
    resource: {
      entities: {
        cloudFormationType: string;
        properties: Record<string, { causesReplacement?: string }>;
      }[];
    };
  };
}

/** Of every resource type the properties whose change makes the resource anew. */
export function replacementProperties(): ReadonlyMap<string, readonly string[]> {
  const folder = dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json'));
  const { schema } = JSON.parse(
    gunzipSync(readFileSync(join(folder, 'db.json.gz'))).toString('utf8'),
  ) as Specification;
  return new Map(
    schema.resource.entities.map(({ cloudFormationType, properties }) => [
      cloudFormationType,
      Object.entries(properties)
        .filter(([, { causesReplacement }]) => causesReplacement === 'yes')
        .map(([name]) => name),
    ]),
  );
}

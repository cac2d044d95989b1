/**
 * The parts of CycloneDX 1.5's JSON schema that a bill of materials of npm packages uses, as zod says them: nothing
 * beside them, each `bom-ref` once, and dependencies among what is listed.
 * @see https://cyclonedx.org/schema/bom-1.5.schema.json
 */
import * as z from 'zod';

const licences = z.array(
  z.union([
    z.strictObject({ license: z.strictObject({ id: z.string().regex(/^[A-Za-z0-9.-]+$/) }) }),
    z.strictObject({ expression: z.string().min(1) }),
  ]),
);
const component = z.strictObject({
  type: z.enum(['application', 'library']),
  'bom-ref': z.string().min(1),
  name: z.string().min(1),
  version: z.string().min(1),
  description: z.string().optional(),
  purl: z
    .string()
    .regex(/^pkg:npm\/(%40[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+\S*$/)
    .optional(),
  licenses: licences.optional(),
  hashes: z
    .array(
      z.strictObject({
        alg: z.enum(['SHA-512']),
        content: z.string().regex(/^[0-9a-f]{128}$/),
      }),
    )
    .optional(),
});
const bom = z.strictObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.5'),
  version: z.int().min(1),
  metadata: z.strictObject({ component }),
  components: z.array(component),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

export function faultsOfBom(value: unknown): string[] {
  const read = bom.safeParse(value);
  if (!read.success) return read.error.issues.map((it) => `${it.path.join('.')}: ${it.message}`);
  const references = read.data.components.map((it) => it['bom-ref']);
  const twice = references.filter((it, index) => references.indexOf(it) !== index);
  const known = new Set(references);
  const dangling = read.data.dependencies.flatMap(({ ref, dependsOn }) =>
    [ref, ...dependsOn].filter((it) => !known.has(it)),
  );
  return [...twice.map((it) => `${it} twice`), ...dangling.map((it) => `${it} is not listed`)];
}
